import { join } from 'node:path';
import { startSystemOfProcessesOn } from '../../support/system/system.ts';
import { startTcpProxy } from '../../support/tcp-proxy.ts';
import { createInterference, type Interference } from '../wire/interference.ts';
import { startWireProxy, type WireProxy } from '../wire/proxy.ts';
import { CONTROLLER, type Conductor, createConductor } from './controller.ts';
import { type Database, startDatabase } from './database.ts';
import { createFlagBoard, type FlagBoard } from './flags.ts';
import { type Fleet, startFleet } from './fleet.ts';

const SLOTS = 2;
const SPARES = 2;
/** Fewer than writers for each replica: they wait for connections all the time. */
export const DATABASE_POOL = 4;
export const DOMAIN_TIMEOUT_MS = 150;
const REPLICA_ENV = {
  DATABASE_POOL: String(DATABASE_POOL),
  DOMAIN_TIMEOUT_MS: String(DOMAIN_TIMEOUT_MS),
  SHADOW_SAMPLE_PERCENT: '25',
};

/** All that lives from the first schedule to the last. */
export type Environment = AsyncDisposable & {
  readonly database: Database;
  readonly interference: Interference;
  readonly proxy: WireProxy;
  readonly flags: FlagBoard;
  readonly fleet: Fleet;
  readonly conductor: Conductor;
  /** What ended without being asked to since it was last asked. */
  readonly takeAccidents: () => readonly string[];
};

export async function startEnvironment(): Promise<Environment> {
  await using stack = new AsyncDisposableStack();
  let accidents: string[] = [];
  const onUnexpectedEnd = (what: string) => void accidents.push(what);
  const system = stack.use(
    await startSystemOfProcessesOn((directory) => startDatabase(join(directory, 'postgres')), { replicas: 0 }),
  );
  const { database } = system;
  const interference = createInterference();
  const proxy = system.use(await startWireProxy(database.url, interference));
  const throughProxy = { DATABASE_URL: proxy.url };
  const startReplica = () => system.startReplica({ ...REPLICA_ENV, ...throughProxy });
  const fleet = system.use(await startFleet({ startReplica, slots: SLOTS, spares: SPARES, onUnexpectedEnd }));
  const scrapeTargets: string[] = [];
  // The controller gets its replicas once; who is in a slot changes.
  for (let slot = 0; slot < SLOTS; slot += 1) {
    const relay = startTcpProxy(() => ({ host: '127.0.0.1', port: fleet.current(slot).adminPort }));
    scrapeTargets.push(system.use(await relay).address);
  }
  const env = { ...CONTROLLER.env, ...throughProxy, SCRAPE_TARGETS: scrapeTargets.join(',') };
  const conductor = system.use(createConductor(await system.startController({ ...CONTROLLER, env }), onUnexpectedEnd));
  const owned = stack.move();
  return {
    database,
    interference,
    proxy,
    flags: createFlagBoard(system.flags),
    fleet,
    conductor,
    takeAccidents: () => {
      const taken = accidents;
      accidents = [];
      return taken;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
