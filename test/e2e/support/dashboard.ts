import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const DASHBOARD = join(import.meta.dirname, '../../../monitoring/dashboards/sluice-rollout.json');

type Source = { readonly uid: string };
type Panel = {
  readonly title: string;
  readonly datasource?: Source;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string; readonly datasource: Source }[];
};
type Annotation = {
  readonly name: string;
  readonly datasource: Source;
  /** `interval` is the least step that Grafana asks with; `$__interval` is the step that it asks with. */
  readonly target: { readonly expr: string; readonly interval: string };
};
type File = {
  readonly panels: readonly Panel[];
  readonly annotations: { readonly list: readonly Annotation[] };
  readonly templating: {
    readonly list: readonly { name: string; type: string; definition?: string; datasource?: Source }[];
  };
};

export type Query = { readonly of: string; readonly expression: string };

/** The dashboard's queries with its variables put in, as Grafana would send them. */
export async function readDashboard(values: Readonly<Record<string, string>>) {
  const { panels, annotations, templating } = JSON.parse(await readFile(DASHBOARD, 'utf8')) as File;
  const filled = (expression: string) =>
    expression.replaceAll(/\$\{?(\w+)\}?/g, (_, name: string) => {
      const value = values[name];
      if (value === undefined) {
        throw new Error(`${expression} has $${name}, which is no variable`);
      }
      return value;
    });
  const asked = [
    ...panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ of: title, expression: expr }))),
    ...annotations.list.map(({ name, target }) => ({ of: `annotation ${name}`, expression: target.expr })),
    ...templating.list
      .filter(({ type }) => type === 'query')
      .map(({ name, definition = '' }) => ({ of: `variable ${name}`, expression: labelled(definition) })),
  ];
  return {
    annotations: annotations.list.map(({ name, target }) => ({
      name,
      expression: filled(target.expr),
      stepSeconds: Number.parseInt(target.interval, 10),
    })),
    queries: asked.map(({ of, expression }): Query => ({ of, expression: filled(expression) })),
    panels: panels.map(({ title, gridPos }) => ({ title, ...gridPos })),
    sources: [
      ...panels.flatMap(({ datasource, targets = [] }) => [datasource, ...targets.map((target) => target.datasource)]),
      ...annotations.list.map(({ datasource }) => datasource),
      ...templating.list.map(({ datasource }) => datasource),
    ].flatMap((source) => (source === undefined ? [] : [source.uid])),
  };
}

/** `label_values(SERIES, LABEL)` as the query that has those values. */
function labelled(definition: string): string {
  const [, series, label] = /^label_values\((.+), (\w+)\)$/.exec(definition) ?? [];
  if (series === undefined) {
    throw new Error(`the variable's ${definition} is no label_values(SERIES, LABEL)`);
  }
  return `group by (${label}) (${series})`;
}
