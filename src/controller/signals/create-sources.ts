import type { Clock } from '../../kit/time.ts';
import type { SignalSource } from '../engine/ports.ts';
import type { ControllerSettings } from '../settings.ts';
import { toleratingChurn } from './churn.ts';
import { createPrometheusSource } from './prometheus.ts';
import { remembering } from './remembering.ts';
import { createScrapeSource } from './scrape.ts';

const SCRAPE_WITHIN_MS = 800;

const PROMETHEUS_WITHIN_MS = 2_500;

/** Several scrapes at their usual intervals: what is older says nothing of now. */
const PROMETHEUS_MAX_AGE_MS = 15_000;

/** What is watched, and who witnesses what the replicas serve: they themselves where they can be asked, else Prometheus. */
export function createSources(
  { SIGNALS, SCRAPE_TARGETS, PROMETHEUS_URL }: ControllerSettings,
  rollout: string,
  clock: Clock,
) {
  const withMemory = (source: SignalSource) => toleratingChurn(remembering(source, clock), clock);
  const scrape =
    SCRAPE_TARGETS === undefined
      ? undefined
      : withMemory(
          createScrapeSource({
            rollout,
            targets: SCRAPE_TARGETS.split(',').map((target) => target.trim()),
            timeoutMs: SCRAPE_WITHIN_MS,
            clock,
          }),
        );
  const prometheus =
    PROMETHEUS_URL === undefined
      ? undefined
      : withMemory(
          createPrometheusSource({
            rollout,
            url: PROMETHEUS_URL,
            timeoutMs: PROMETHEUS_WITHIN_MS,
            maxAgeMs: PROMETHEUS_MAX_AGE_MS,
            clock,
          }),
        );
  const all = [scrape, prometheus].filter((source): source is SignalSource => source !== undefined);
  return {
    all,
    watched: all.filter(({ name }) => SIGNALS.includes(name)),
    witness: scrape ?? prometheus,
  };
}
