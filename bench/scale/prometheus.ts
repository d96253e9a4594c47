import { type Prometheus, startPrometheus } from '../../src/dev/tools/prometheus.ts';

export const SCRAPE_EVERY_SECONDS = 5;

/** A real Prometheus that scrapes the replicas and nothing else. */
export function startScraper(program: string, directory: string, replicas: readonly string[]): Promise<Prometheus> {
  const name = `prometheus-${replicas.length}`;
  return startPrometheus({
    program,
    directory,
    services: replicas,
    name,
    everySeconds: SCRAPE_EVERY_SECONDS,
    rules: [],
  });
}
