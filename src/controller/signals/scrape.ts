import { openHttp } from '../../kit/http/client.ts';
import type { Clock } from '../../kit/time.ts';
import type { Missing, ReplicaReading, SourceReading } from '../../rollout/reading.ts';
import type { SignalSource } from '../engine/ports.ts';
import { parseMetrics } from './metrics-text.ts';
import { createTarget, type Lookup, type Target } from './targets.ts';

const MOST_BYTES = 4 * 1024 * 1024;
const MOST_AT_ONCE = 128;

type ScrapeSettings = {
  readonly rollout: string;
  /** `host:port`, `http://host:port/path`, or `dns:name:port` for every address of the name. */
  readonly targets: readonly string[];
  /** For resolving a name, and for each replica's answer. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly lookup?: Lookup;
};

/**
 * Reads every replica's metrics from itself: the fastest way, and one that needs no Prometheus.
 * @throws where a target is none of the three forms.
 */
export function createScrapeSource({ rollout, targets, timeoutMs, clock, lookup }: ScrapeSettings): SignalSource {
  const http = openHttp({ timeoutMs, mostBytes: MOST_BYTES });
  const closing = new AbortController();
  const configured = targets.map((target) => createTarget(target, { clock, timeoutMs, lookup }));

  async function scrape({ replica, url }: Target, signal: AbortSignal): Promise<ReplicaReading | Missing> {
    const got = await http.request(url, { signal });
    if (got.kind === 'failed') {
      return { replica, why: got.why, detail: got.detail };
    }
    if (got.status !== 200) {
      return { replica, why: 'refused', detail: `answered ${got.status}` };
    }
    const parsed = parseMetrics(got.body, rollout, replica, clock.now());
    return parsed.kind === 'read' ? parsed.reading : { replica, why: 'malformed', detail: parsed.detail };
  }

  return {
    name: 'scrape',
    read: async (ended): Promise<SourceReading> => {
      const signal = AbortSignal.any([ended, closing.signal]);
      const resolved = await Promise.all(configured.map((resolve) => resolve(signal)));
      const unresolved = resolved.filter((each) => 'why' in each);
      // A replica that two targets lead to is asked, and counted, once.
      const found = new Map(
        resolved.flatMap((each) => ('why' in each ? [] : each.map((target) => [target.replica, target]))),
      );
      const said = await mapBounded(Array.from(found.values()), (target) => scrape(target, signal));
      if (signal.aborted) {
        return { kind: 'failed', why: 'timeout', detail: 'the reading was ended' };
      }
      const replicas = said.filter((each): each is ReplicaReading => !('why' in each));
      const missing = [...unresolved, ...said.filter((each): each is Missing => 'why' in each)];
      return replicas.length > 0 ? { kind: 'read', replicas, missing } : noneOf(missing);
    },
    close: async () => {
      closing.abort();
      await http.close();
    },
  };
}

/** Why a look at replicas of which none answered has failed. */
function noneOf(missing: readonly Missing[]): SourceReading {
  const [first] = missing;
  if (first === undefined) {
    return { kind: 'failed', why: 'empty', detail: 'no replicas to ask' };
  }
  const others = missing.length > 1 ? `, and ${missing.length - 1} more` : '';
  return { kind: 'failed', why: first.why, detail: `${first.replica}: ${first.detail}${others}` };
}

async function mapBounded<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const left = items.entries();
  const worker = async () => {
    for (const [at, item] of left) {
      results[at] = await work(item);
    }
  };
  await Promise.all(Array.from({ length: Math.min(MOST_AT_ONCE, items.length) }, worker));
  return results;
}
