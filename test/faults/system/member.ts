import { EventEmitter, once } from 'node:events';
import { Agent } from 'node:http';
import type { ReplicaProcess } from '../../support/system/processes.ts';

/** One replica of the service, with the connections that the writers have to it. */
export type Member = {
  readonly name: string;
  readonly port: number;
  readonly adminPort: number;
  readonly agent: Agent;
  readonly replica: ReplicaProcess;
  /** A write to it begins, and ends. */
  readonly begin: () => void;
  readonly end: () => void;
  /** Waits until a writer has a connection to it. */
  readonly met: () => Promise<void>;
  /** Waits until no write to it is under way. */
  readonly idle: () => Promise<void>;
  /** Undefined while it was not killed; a time of `performance.now()`. */
  readonly killedAtMs: () => number | undefined;
  /** It was killed or asked to stop. */
  readonly isEnding: () => boolean;
  readonly kill: () => Promise<void>;
  /** SIGTERM, now; what it exits with comes later. */
  readonly terminate: () => Promise<number | null>;
};

export type MemberParts = {
  readonly startReplica: () => Promise<ReplicaProcess>;
  /** Hears of a replica that ended and was not asked to. */
  readonly onUnexpectedEnd: (what: string) => void;
};

/** @param closed whether everything is ending anyway. */
export async function startMember(
  { startReplica, onUnexpectedEnd }: MemberParts,
  closed: () => boolean,
): Promise<Member> {
  const replica = await startReplica();
  const { name } = replica;
  const process = replica.process();
  const agent = new Agent({ keepAlive: true });
  const changes = new EventEmitter();
  const met = Promise.withResolvers<void>();
  let underWay = 0;
  let ending = false;
  let killedAtMs: number | undefined;
  process.exited.then(async ({ code, signal }) => {
    if (!ending && !closed()) {
      onUnexpectedEnd(`${name} ended by itself with ${code ?? signal}: ${(await process.output()).slice(-2_000)}`);
    }
  });
  return {
    name,
    port: replica.port,
    adminPort: replica.adminPort,
    agent,
    replica,
    begin: () => {
      underWay += 1;
    },
    end: () => {
      underWay -= 1;
      met.resolve();
      changes.emit('end');
    },
    met: () => met.promise,
    idle: async () => {
      while (underWay > 0) {
        await once(changes, 'end');
      }
    },
    killedAtMs: () => killedAtMs,
    isEnding: () => ending,
    kill: async () => {
      ending = true;
      killedAtMs ??= performance.now();
      await process.kill();
      agent.destroy();
    },
    terminate: async () => {
      ending = true;
      const { code } = await process.stop();
      return code;
    },
  };
}
