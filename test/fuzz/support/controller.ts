import { readFile } from 'node:fs/promises';
import { until } from '../../../src/dev/until.ts';
import { TOKEN } from '../../support/system/controller.ts';
import { FLAG } from '../../support/system/flags.ts';
import { startSystem } from '../../support/system/system.ts';
import { onlyAnswer, watchConnections } from './answers.ts';
import { readOperations } from './document.ts';
import { bytesOf, exchange, type RawAnswer } from './raw-http.ts';
import { HEADERS, type RawRequest } from './request.ts';

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

/** The real controller over the real service, database and flags; it leads and may raise. */
export async function startFuzzedController() {
  await using started = new AsyncDisposableStack();
  const connections = watchConnections();
  started.defer(() => void connections.stop());
  const system = started.use(await startSystem());
  const { database, flags } = system;
  const controller = await system.startController({ plan: PLAN });
  const { port, status } = controller;
  started.defer(() => connections.untilNone(port));
  started.use(controller);

  const ask = async (request: RawRequest): Promise<RawAnswer> => onlyAnswer(await exchange(port, bytesOf(request)));
  const get = (target: string) => ask({ method: 'GET', target, headers: HEADERS, body: undefined, chunked: false });
  const post = (path: string, body: Buffer | string, headers = WITH_TOKEN, chunked = false) => {
    const typed: RawRequest['headers'] = [...HEADERS, ['Content-Type', 'application/json'], ...headers];
    return ask({ method: 'POST', target: path, headers: typed, body: Buffer.from(body), chunked });
  };
  const untilKept = () => until('the journal has it all', async () => (await status()).controller.buffered === 0);
  await controller.untilReady();
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
      return { state, wanted, flags: await readFile(flags.file, 'utf8') };
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
