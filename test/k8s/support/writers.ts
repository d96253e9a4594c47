import { setTimeout as sleep } from 'node:timers/promises';

const WRITERS = 20;
const PAUSE_MS = 25;
const ANSWER_WITHIN_MS = 10_000;
const STATUSES = ['confirmed', 'false_positive', 'resolved', 'pending'] as const;

type Write = { readonly notes: string; readonly acknowledged: boolean };
type Held = { readonly notes: string | null; readonly version: number };

export type Writers = AsyncDisposable & {
  readonly acknowledged: () => number;
  /** What a client got that is no 200: a status, or why there was no answer. */
  readonly failures: () => readonly string[];
  readonly byPath: () => Readonly<Record<string, number>>;
  /** When the last answer of the domain path came; milliseconds since 1970. */
  readonly lastDomainAtMs: () => number;
  readonly stop: () => Promise<void>;
  /** Reads every record back, and says which do not hold what was acknowledged last. Empty where nothing was lost or doubled. */
  readonly differences: () => Promise<readonly string[]>;
};

/** 20 clients that write without a pause to speak of, each to a record of its own, so that it knows what must be there. */
export function startWriters(baseUrl: string, firstId: number): Writers {
  const stopping = new AbortController();
  const failures: string[] = [];
  const paths: Record<string, number> = {};
  let acknowledged = 0;
  let lastDomainAtMs = 0;
  const recordUrl = (id: number) => `${baseUrl}/api/v1/records/violations/${id}`;

  async function write(id: number, notes: string, turn: number): Promise<Write> {
    const query = new URLSearchParams({
      status: STATUSES[turn % STATUSES.length] as string,
      notes,
      handled_by: 'writer',
    });
    try {
      const answer = await fetch(`${recordUrl(id)}/status?${query}`, {
        method: 'PUT',
        signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
      });
      await answer.text();
      if (answer.status !== 200) {
        failures.push(`${answer.status}`);
        return { notes, acknowledged: false };
      }
      const path = answer.headers.get('Rollout-Path') ?? 'none';
      paths[path] = (paths[path] ?? 0) + 1;
      acknowledged += 1;
      if (path === 'domain') {
        lastDomainAtMs = Date.now();
      }
      return { notes, acknowledged: true };
    } catch (error) {
      failures.push(
        `${((error as Error).cause as NodeJS.ErrnoException | undefined)?.code ?? (error as Error).message}`,
      );
      return { notes, acknowledged: false };
    }
  }

  const clients = Array.from({ length: WRITERS }, async (_, at) => {
    const id = firstId + at;
    const before = await read(recordUrl(id));
    const writes: Write[] = [];
    while (!stopping.signal.aborted) {
      writes.push(await write(id, `${id}-${writes.length}-${Date.now()}`, writes.length));
      await sleep(PAUSE_MS, undefined, { signal: stopping.signal }).catch(() => {});
    }
    return { id, before, writes };
  });
  // Reported by `differences`; until then nobody listens.
  for (const client of clients) {
    client.catch(() => {});
  }

  const stop = async () => {
    stopping.abort();
    await Promise.allSettled(clients);
  };
  return {
    acknowledged: () => acknowledged,
    failures: () => failures,
    byPath: () => paths,
    lastDomainAtMs: () => lastDomainAtMs,
    stop,
    differences: async () => {
      await stop();
      const all = await Promise.all(clients);
      const compared = await Promise.all(
        all.map(async ({ id, before, writes }) => compare(id, before, writes, await read(recordUrl(id)))),
      );
      return compared.flat();
    },
    [Symbol.asyncDispose]: stop,
  };
}

async function read(url: string): Promise<Held> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
  if (answer.status !== 200) {
    throw new Error(`${url} answered ${answer.status}`);
  }
  return (await answer.json()) as Held;
}

/** A write without an acknowledgement may have been applied or not; one with it is there, once, unless a later one replaced it. */
function compare(id: number, before: Held, writes: readonly Write[], held: Held): string[] {
  const lastAcknowledged = writes.findLastIndex(({ acknowledged }) => acknowledged);
  const allowed = writes.slice(Math.max(lastAcknowledged, 0)).map(({ notes }) => notes);
  const applied = held.version - before.version;
  const sure = writes.filter(({ acknowledged }) => acknowledged).length;
  return [
    ...(allowed.includes(held.notes ?? '') ? [] : [`${id} holds ${held.notes}; written last: ${allowed.join(', ')}`]),
    ...(applied >= sure && applied <= writes.length
      ? []
      : [`${id} was changed ${applied} times by ${writes.length} writes, ${sure} of them acknowledged`]),
  ];
}
