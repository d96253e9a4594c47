import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { createController } from '../../../src/controller/create-controller.ts';
import { readControllerSettings } from '../../../src/controller/settings.ts';
import { ensureFlagsFile } from '../../../src/dev/embedded/flags-file.ts';
import { until } from '../../../src/dev/until.ts';
import { parsePlan } from '../../../src/rollout/plan.ts';
import { createTestDatabase } from '../../support/database.ts';
import { startTestService } from '../../support/service.ts';
import { onlyAnswer, watchConnections } from './answers.ts';
import { readOperations } from './document.ts';
import { bytesOf, exchange, type RawAnswer } from './raw-http.ts';
import { HEADERS, type RawRequest } from './request.ts';

const FLAG = 'violation-status-domain-percent';
export const TOKEN = 'a-token-for-tests-only';
/** Stages that no time of a test completes. */
const PLAN = `
rollout: violation-status
flag: ${FLAG}
stages:
  - { percent: 50,  observe: 1h }
  - { percent: 100, observe: 1h, approval: required }
guards:
  - { name: errors, measure: error-rate, limit: 1%, onBreach: off }
`;

export const WITH_TOKEN: RawRequest['headers'] = [['Authorization', `Bearer ${TOKEN}`]];

export type FuzzedController = Awaited<ReturnType<typeof startFuzzedController>>;

/** The real controller over the real service, database and flags file; it leads and may raise. */
export async function startFuzzedController() {
  await using started = new AsyncDisposableStack();
  const connections = watchConnections();
  started.defer(() => void connections.stop());
  const database = started.use(await createTestDatabase());
  const service = started.use(await startTestService({ DATABASE_URL: database.url }));
  const directory = await mkdtemp(join(tmpdir(), 'sluice-fuzz-'));
  started.defer(() => rm(directory, { recursive: true }));
  const file = join(directory, 'flags.json');
  await ensureFlagsFile(file, FLAG);
  const settings = readControllerSettings({
    CONTROLLER_PORT: '0',
    DATABASE_URL: database.url,
    SLUICE_TOKEN: TOKEN,
    SCRAPE_TARGETS: `127.0.0.1:${service.adminPort}`,
    FLAGS_FILE: file,
    TICK_MS: '50',
  });
  const controller = await createController(settings, parsePlan(PLAN), pino({ level: 'silent' }), '127.0.0.1');
  const { port } = await controller.start();
  started.defer(() => connections.untilNone(port));
  started.defer(controller.stop);

  const ask = async (request: RawRequest): Promise<RawAnswer> => onlyAnswer(await exchange(port, bytesOf(request)));
  const get = (target: string) => ask({ method: 'GET', target, headers: HEADERS, body: undefined, chunked: false });
  const post = (path: string, body: Buffer | string, headers = WITH_TOKEN, chunked = false) => {
    const typed: RawRequest['headers'] = [...HEADERS, ['Content-Type', 'application/json'], ...headers];
    return ask({ method: 'POST', target: path, headers: typed, body: Buffer.from(body), chunked });
  };
  const status = async () => JSON.parse((await get('/api/status')).text);
  const untilKept = () => until('the journal has it all', async () => (await status()).controller.buffered === 0);
  await until('it leads and may raise', async () => {
    const { leading, noRaise } = (await status()).controller;
    return leading && noRaise === null;
  });
  const resources = started.move();
  return {
    port,
    ask,
    get,
    post,
    status,
    untilKept,
    operations: readOperations((await get('/api/openapi.json')).text),
    /** What a refused request must leave as it is. */
    state: async () => {
      const { state, wanted } = await status();
      return { state, wanted, flags: await readFile(file, 'utf8') };
    },
    /** What was noted of people and alerts; what the controller notes by itself has `sluice` as its actor. */
    noted: async () => {
      await untilKept();
      const [row] = await database.query<{ count: string }>(
        "SELECT count(*) FROM rollout_events WHERE actor <> 'sluice'",
      );
      return Number(row?.count);
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
