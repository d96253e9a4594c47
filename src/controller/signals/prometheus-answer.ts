import Type from 'typebox';
import type { Failed, Got } from '../../kit/http/client.ts';
import { compile } from '../../kit/schema.ts';
import { inWords } from '../../kit/schema-errors.ts';
import type { SourceReading } from '../../rollout/reading.ts';

const Sample = Type.Tuple([Type.Number(), Type.String()]);
const Metric = Type.Record(Type.String(), Type.String());
/** https://prometheus.io/docs/prometheus/latest/querying/api/#instant-queries */
const Answer = Type.Object({
  status: Type.Literal('success'),
  warnings: Type.Optional(Type.Array(Type.String())),
  data: Type.Union([
    Type.Object({
      resultType: Type.Literal('matrix'),
      result: Type.Array(Type.Object({ metric: Metric, values: Type.Array(Sample, { minItems: 1 }) })),
    }),
    Type.Object({
      resultType: Type.Literal('vector'),
      result: Type.Array(Type.Object({ metric: Metric, value: Sample })),
    }),
  ]),
});

/** Samples are pairs of a time in seconds since 1970 and a number as text, the oldest first. */
export type Series = {
  readonly metric: Readonly<Record<string, string>>;
  readonly values: readonly (readonly [atSeconds: number, value: string])[];
};

export type QueryAnswer =
  /** `warnings` say that something is left out: a store that is away, or a limit that was reached. */
  | { readonly kind: 'series'; readonly series: readonly Series[]; readonly warnings: readonly string[] }
  | Extract<SourceReading, { readonly kind: 'failed' }>;

const check = compile(Answer);

/** What Prometheus's query API said. A vector comes as series of one sample. */
export function readAnswer(got: Omit<Got, 'headers'> | Failed): QueryAnswer {
  if (got.kind === 'failed') {
    return { kind: 'failed', why: got.why, detail: got.detail };
  }
  const body = parseJson(got.body);
  const { status, error, errorType } = (body ?? {}) as { status?: unknown; error?: unknown; errorType?: unknown };
  if (got.status !== 200 || status === 'error') {
    const isTimeout = errorType === 'timeout' || got.status === 504;
    const said = typeof error === 'string' ? `: ${error.slice(0, 200)}` : '';
    return {
      kind: 'failed',
      why: isTimeout ? 'timeout' : 'refused',
      detail: `Prometheus answered ${got.status}${said}`,
    };
  }
  const checked = check(body);
  if (!checked.ok) {
    const why = body === undefined ? 'it is not valid JSON' : inWords(checked.wrong[0], 'it');
    return { kind: 'failed', why: 'malformed', detail: `the answer is not one of Prometheus: ${why}` };
  }
  const { data, warnings = [] } = checked.value;
  const series =
    data.resultType === 'matrix'
      ? data.result
      : data.result.map(({ metric, value }) => ({ metric, values: [value] satisfies Series['values'] }));
  return { kind: 'series', series, warnings };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
