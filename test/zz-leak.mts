import { setTimeout as sleep } from 'node:timers/promises';
import { writeFileSync } from 'node:fs';
import { createFlagdSource } from '../src/routing/flag-source.ts';
import { startFlagServer } from '../src/embedded/flag-server.ts';
import { initialFlags } from '../src/embedded/flags-file.ts';
import { freePort } from '../src/embedded/flagd.ts';
const log = { info() {}, warn() {}, debug() {}, error() {} } as never;
writeFileSync('/tmp/fs/leak.json', initialFlags('f'));
const mem = () => { (globalThis as any).gc(); (globalThis as any).gc(); return (process.memoryUsage().heapUsed / 1e6).toFixed(2) + ' MB'; };
const res = () => JSON.stringify(Object.fromEntries(Object.entries(Object.groupBy(process.getActiveResourcesInfo(), (x) => x)).map(([k, v]) => [k, v!.length])));
const port = await freePort();
// away: about 250 attempts a second
let s = createFlagdSource({ flag: 'f', flagd: { host: '127.0.0.1', port }, log, times: { pauseMs: 1 } });
let c = process.cpuUsage();
for (let i = 0; i < 5; i++) { await sleep(4000); console.log('away', mem(), res()); }
await s.close(); await sleep(200); console.log('closed', mem(), res());
const server = await startFlagServer('/tmp/fs/leak.json', port, () => {});
s = createFlagdSource({ flag: 'f', flagd: { host: '127.0.0.1', port }, log, times: { pauseMs: 1, renewMs: 5 } });
for (let i = 0; i < 5; i++) { await sleep(4000); console.log('renewing', mem(), res(), 'age', Date.now() - (s.toldAt() ?? 0)); }
const t = process.hrtime.bigint(); for (let i = 0; i < 100000; i++) await s.read({ violationId: '1', handledBy: 'me' } as never); console.log('read µs', Number(process.hrtime.bigint() - t) / 1e8);
await s.close(); await server.stop(); await sleep(200); console.log('closed', mem(), res());
