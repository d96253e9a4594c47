import { openHttp } from '../../kit/http/client.ts';
import type { Clock } from '../../kit/time.ts';
import type { SourceReading } from '../../rollout/reading.ts';
import type { SignalSource } from '../engine/ports.ts';
import { type QueryAnswer, readAnswer, type Series } from './prometheus-answer.ts';
import { readReplicas } from './prometheus-replicas.ts';
import { ROLLOUT_NAMES, START_NAME } from './series.ts';

const MOST_BYTES = 32 * 1024 * 1024;
/** A replica has about sixty series. */
const MOST_SERIES = 50_000;
/** Longer ones would not fit into a URL everywhere. */
const MOST_INSTANCES_CHARACTERS = 3_000;

type PrometheusSettings = {
  readonly rollout: string;
  /** Where Prometheus is, with its path prefix if it has one. */
  readonly url: string;
  /** For a whole reading. */
  readonly timeoutMs: number;
  /** A replica whose newest sample is older says nothing of now. */
  readonly maxAgeMs: number;
  readonly clock: Clock;
};

/**
 * Reads the replicas' raw counters as Prometheus last scraped them. By range selectors: an instant one hides how old its
 * samples are, and whether they are of one scrape.
 * @throws where `url` is none.
 */
export function createPrometheusSource({ rollout, url, timeoutMs, maxAgeMs, clock }: PrometheusSettings): SignalSource {
  const base = new URL(url);
  const http = openHttp({ timeoutMs, mostBytes: MOST_BYTES });
  const closing = new AbortController();
  // Twice the age, so that what is too old is not taken for what is not there.
  const range = `[${Math.max(1, Math.ceil((maxAgeMs * 2) / 1_000))}s]`;
  const ofRollout = `rollout=${JSON.stringify(rollout)}`;
  // Of checked writes only those that differ, which are half of all series else.
  const ours = `{__name__=~"${ROLLOUT_NAMES.join('|')}",${ofRollout},result!~"match|dropped|failed"}${range}`;
  const up = `up and on (job, instance) count_over_time(sluice_path_requests_total{${ofRollout}}${range})`;

  async function ask(query: string, deadline: number, signal: AbortSignal): Promise<QueryAnswer> {
    const leftMs = Math.max(1, Math.round(deadline - clock.monotonic()));
    const target = new URL(`${base.pathname.replace(/\/+$/, '')}/api/v1/query`, base);
    target.search = new URLSearchParams({ query, timeout: `${leftMs}ms`, limit: String(MOST_SERIES) }).toString();
    return readAnswer(await http.request(target, { timeoutMs: leftMs, signal }));
  }

  async function readAll(signal: AbortSignal): Promise<SourceReading> {
    const deadline = clock.monotonic() + timeoutMs;
    const [counted, alive] = await Promise.all([ask(ours, deadline, signal), ask(up, deadline, signal)]);
    if (counted.kind === 'failed') {
      return counted;
    }
    if (alive.kind === 'failed') {
      return alive;
    }
    const started =
      counted.series.length === 0 ? counted : await ask(startsOf(counted.series) + range, deadline, signal);
    if (started.kind === 'failed') {
      // Without it a restart cannot be seen, and every count would look new.
      return started;
    }
    const reading = readReplicas({
      rollout,
      ours: counted.series,
      starts: started.series,
      up: alive.series,
      maxAgeMs,
      nowMs: clock.now(),
    });
    const warnings = [...new Set([counted, alive, started].flatMap((answer) => answer.warnings))];
    return reading.kind === 'failed' || warnings.length === 0
      ? reading
      : { ...reading, missing: [...reading.missing, ...warnings.map(leftOut)] };
  }

  return {
    name: 'prometheus',
    read: async (ended) => {
      const signal = AbortSignal.any([ended, closing.signal]);
      const reading = await readAll(signal);
      return signal.aborted ? { kind: 'failed', why: 'timeout', detail: 'the reading was ended' } : reading;
    },
    close: async () => {
      closing.abort();
      await http.close();
    },
  };
}

/** A warning means that some series are left out, nobody knows which: whoever waits for all replicas has to wait. */
const leftOut = (warning: string) => ({
  replica: 'prometheus',
  why: 'refused' as const,
  detail: `it warned: ${warning.slice(0, 200)}`,
  ofSeveral: true as const,
});

/** When the processes of the same targets began: this series has no rollout to select it by. */
function startsOf(series: readonly Series[]): string {
  const oneOf = (label: string) => {
    const values = new Set(series.map(({ metric }) => metric[label] ?? ''));
    return `${label}=~${JSON.stringify(Array.from(values, escapeExpression).join('|'))}`;
  };
  const instances = oneOf('instance');
  const matchers = instances.length > MOST_INSTANCES_CHARACTERS ? [oneOf('job')] : [oneOf('job'), instances];
  return `${START_NAME}{${matchers.join(',')}}`;
}

const escapeExpression = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
