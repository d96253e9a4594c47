import type { ServerResponse } from 'node:http';
import { serve } from './http-server.ts';

export type StandInSeries = {
  readonly metric: Readonly<Record<string, string>>;
  /** Time in seconds since 1970 and number as text, the oldest first. */
  readonly values: readonly (readonly [number, string])[];
};

export type PrometheusStandIn = AsyncDisposable & {
  readonly url: string;
  /** What the queries were asked with, the newest last. */
  readonly asked: readonly URLSearchParams[];
  /** All that it stores; a query gets those whose name is in it. `up` is answered as a vector. */
  series: readonly StandInSeries[];
  warnings: readonly string[];
  /** Instead of an answer; undefined answers. */
  instead: ((response: ServerResponse) => void) | undefined;
};

/**
 * Stands in for Prometheus's query API where it has to fail in all its ways. It understands no PromQL: whether the queries are
 * right only a real Prometheus can show.
 */
export async function startPrometheusStandIn(): Promise<PrometheusStandIn> {
  const asked: URLSearchParams[] = [];
  const server = await serve((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://stand-in');
    asked.push(searchParams);
    if (standIn.instead) {
      return standIn.instead(response);
    }
    if (pathname !== '/prefix/api/v1/query') {
      return response.writeHead(404).end();
    }
    const query = searchParams.get('query') ?? '';
    const isUp = query.startsWith('up ');
    const chosen = standIn.series.filter(({ metric }) =>
      isUp ? metric.__name__ === 'up' : metric.__name__ !== 'up' && query.includes(metric.__name__ as string),
    );
    const data = isUp
      ? { resultType: 'vector', result: chosen.map(({ metric, values }) => ({ metric, value: values.at(-1) })) }
      : { resultType: 'matrix', result: chosen };
    const warnings = standIn.warnings.length > 0 ? { warnings: standIn.warnings } : {};
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ status: 'success', data, ...warnings }));
  });
  const standIn: PrometheusStandIn = {
    url: `${server.url}/prefix/`,
    asked,
    series: [],
    warnings: [],
    instead: undefined,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
  return standIn;
}
