import { bodyOf } from '../../src/dev/tools/http.ts';

/** What a process says of itself in Prometheus text format: its series without labels by name, and how many there are of all. */
export type MetricsPage = { readonly values: ReadonlyMap<string, number>; readonly series: number };

export async function readMetricsPage(url: string): Promise<MetricsPage> {
  const text = await bodyOf(url);
  const samples = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return {
    values: new Map(
      samples.flatMap((line) => {
        const [, name, value] = /^([a-zA-Z_:][\w:]*) (\S+)$/.exec(line) ?? [];
        return name === undefined ? [] : [[name, Number(value)] as const];
      }),
    ),
    series: samples.length,
  };
}

export type Usage = { readonly cpuPercent: number; readonly residentMib: number };

/** What a process used between two looks at its page; in percent of one core, and resident at the end. */
export function usageBetween(before: MetricsPage, after: MetricsPage, ms: number): Usage {
  const of = ({ values }: MetricsPage, name: string) => values.get(name) ?? Number.NaN;
  const cpuSeconds = of(after, 'process_cpu_seconds_total') - of(before, 'process_cpu_seconds_total');
  return {
    cpuPercent: (cpuSeconds / ms) * 100_000,
    residentMib: of(after, 'process_resident_memory_bytes') / 2 ** 20,
  };
}
