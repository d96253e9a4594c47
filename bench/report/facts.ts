import { availableParallelism, cpus, totalmem } from 'node:os';

export type Facts = Readonly<Record<string, string>>;

/** What the numbers were measured on. */
export function readFacts(postgresVersion: string, now: Date): Facts {
  return {
    Date: now.toISOString().slice(0, 10),
    Cores: `${availableParallelism()} × ${cpus()[0]?.model.trim() || 'unknown model'}`,
    Memory: `${(totalmem() / 2 ** 30).toFixed(1)} GiB`,
    Node: process.version,
    PostgreSQL: `${postgresVersion}, embedded, on the same machine, durable (fsync and synchronous_commit on)`,
  };
}
