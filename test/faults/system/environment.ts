import { startTcpProxy } from '../../support/tcp-proxy.ts';
import { createInterference, type Interference } from '../wire/interference.ts';
import { startWireProxy, type WireProxy } from '../wire/proxy.ts';
import { type Conductor, startConductor } from './controller.ts';
import { type Database, startDatabase } from './database.ts';
import { type FlagBoard, startFlagBoard } from './flags.ts';
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
  /** What ended without being told to since it was last asked. */
  readonly takeAccidents: () => readonly string[];
};

export async function startEnvironment(directory: string): Promise<Environment> {
  await using stack = new AsyncDisposableStack();
  let accidents: string[] = [];
  const onUnexpectedEnd = (what: string) => void accidents.push(what);
  const database = stack.use(await startDatabase(`${directory}/postgres`));
  const flags = stack.use(await startFlagBoard(directory));
  const interference = createInterference();
  const proxy = stack.use(await startWireProxy(database.url, interference));
  const databaseUrl = proxy.url;
  const fleet = stack.use(
    await startFleet({
      directory,
      databaseUrl,
      env: { ...REPLICA_ENV, ...flags.env },
      slots: SLOTS,
      spares: SPARES,
      onUnexpectedEnd,
    }),
  );
  const scrapeTargets: string[] = [];
  // The controller is told its replicas once; who is in a slot changes.
  for (let slot = 0; slot < SLOTS; slot += 1) {
    scrapeTargets.push(
      stack.use(await startTcpProxy(() => ({ host: '127.0.0.1', port: fleet.current(slot).adminPort }))).address,
    );
  }
  const flagsFile = flags.file;
  const conductor = stack.use(
    await startConductor({ directory, databaseUrl, flagsFile, scrapeTargets, onUnexpectedEnd }),
  );
  const owned = stack.move();
  return {
    database,
    interference,
    proxy,
    flags,
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
