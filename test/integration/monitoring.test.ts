import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { parse } from 'yaml';
import { until } from '../../src/dev/until.ts';
import { readDashboard } from '../e2e/support/dashboard.ts';
import { startSystem } from '../support/system/system.ts';

/** What monitoring/ asks for is what the programs expose, and no alert is there that no test of promtool has seen. */
const ROOT = join(import.meta.dirname, '../..');
const MONITORING = join(ROOT, 'monitoring');

type Rule = { readonly alert?: string; readonly record?: string; readonly expr: string };
type RuleTest = {
  readonly alert_rule_test?: readonly { readonly alertname: string; readonly exp_alerts?: readonly unknown[] }[];
  readonly promql_expr_test?: readonly {
    readonly expr: string;
    readonly exp_samples?: readonly { readonly labels: string }[];
  }[];
};

async function parsed<T>(folder: string): Promise<T[]> {
  const names = (await readdir(join(MONITORING, folder))).filter((name) => name.endsWith('.yaml'));
  return Promise.all(names.map(async (name) => parse(await readFile(join(MONITORING, folder, name), 'utf8')) as T));
}
const rules = (await parsed<{ groups: { rules: Rule[] }[] }>('rules'))
  .flatMap(({ groups }) => groups)
  .flatMap((group) => group.rules);
const ruleTests = (await parsed<{ tests: RuleTest[] }>('tests')).flatMap(({ tests }) => tests);

const system = await startSystem({ flag: 100, env: { DATABASE_POOL: '1' } });
const { database, flags, service } = system;
after(() => system[Symbol.asyncDispose]());

test('every alert is seen firing by a test of promtool, and every recorded series is seen with its value', () => {
  const fired = ruleTests
    .flatMap(({ alert_rule_test = [] }) => alert_rule_test)
    .filter(({ exp_alerts = [] }) => exp_alerts.length > 0);
  const samples = ruleTests
    .flatMap(({ promql_expr_test = [] }) => promql_expr_test)
    .filter(({ exp_samples = [] }) => exp_samples.length > 0)
    .map(({ expr, exp_samples = [] }) => [expr, ...exp_samples.map(({ labels }) => labels)].join(' '));
  for (const { alert, record } of rules) {
    if (alert !== undefined) {
      const seen = fired.some(({ alertname }) => alertname === alert);
      assert.ok(seen || samples.some((text) => text.includes(`alertname="${alert}"`)), alert);
    } else if (record !== undefined && !record.startsWith('rollout_window:')) {
      // Those by window are counts of the alerts that follow them, and tested with these.
      assert.ok(
        samples.some((text) => text.includes(record)),
        record,
      );
    }
  }
});

describe('the metrics that rules and dashboard ask for', () => {
  test('are reported by the service, the controller or a recording rule, with these labels', async () => {
    await service.update(1, 'status=confirmed');
    const said = seriesOf((await service.admin('/metrics')).text);
    for (const [name, labels] of seriesOf(await controllerPage())) {
      said.set(name, new Set([...(said.get(name) ?? []), ...labels]));
    }
    said.set('up', new Set());
    const recorded = new Set(rules.map(({ record }) => record));
    const dashboard = await readDashboard({ rollout: 'r', instance: '.*', __range: '1m', __interval: '15s' });
    const asked = [...rules.map(({ expr }) => expr), ...dashboard.queries.map(({ expression }) => expression)];
    const selectors = asked.flatMap(selectorsOf);
    assert.ok(selectors.length > 80, `${selectors.length} selectors`);
    for (const { name, labels, text } of selectors) {
      if (recorded.has(name)) {
        continue;
      }
      const known = said.get(name);
      assert.ok(known, `nothing exposes ${text}`);
      for (const label of labels) {
        assert.ok(known.has(label) || ['instance', 'job'].includes(label), `${name} has no label ${label}`);
      }
    }
  });

  test('say how old the flags are, younger again when flagd is back', async () => {
    const age = () => service.metric('sluice_flag_age_seconds', { rollout: 'violation-status' });
    await flags.stop();
    await until('the flags grow old', async () => (await age()) > 0.5);
    await flags.restart();
    await until('the flags are received again', async () => (await age()) < 0.5);
  });

  test('have no age of flags that never came', async () => {
    await using lost = await system.startReplica({ FLAGD_PORT: '1' });
    const { text } = await lost.admin('/metrics');
    assert.ok(text.includes('sluice_flag_percent{rollout="violation-status"} 0'));
    assert.ok(!text.includes('sluice_flag_age_seconds{'));
  });

  test('say which connections are used, and who waits for one', async () => {
    const connections = async () => {
      const { text } = await service.admin('/metrics');
      return Object.fromEntries(
        Array.from(text.matchAll(/^sluice_database_connections\{state="(\w+)"\} (\d+)$/gm), ([, state, count]) => [
          state,
          Number(count),
        ]),
      );
    };
    assert.deepEqual(await connections(), { used: 0, idle: 1, waiting: 0 });
    const other = await database.connect();
    await other.query('BEGIN');
    await other.query('SELECT * FROM violations WHERE id = 7 FOR UPDATE');
    const updates = [7, 8].map((id) => service.update(id, 'status=confirmed'));
    await until('one writes, one waits', async () => (await connections()).waiting === 1);
    assert.deepEqual(await connections(), { used: 1, idle: 0, waiting: 1 });
    await other.query('ROLLBACK');
    assert.deepEqual(
      (await Promise.all(updates)).map(({ status }) => status),
      [200, 200],
    );
  });
});

async function controllerPage(): Promise<string> {
  await using controller = await system.startController({
    plan: await readFile(join(ROOT, 'rollout.yaml'), 'utf8'),
    // In no folder: what is reported is there without a flag too.
    env: { FLAGS_FILE: join(tmpdir(), 'sluice-no-folder', 'flags.json') },
  });
  let text = '';
  await until('the guards have values', async () => {
    ({ text } = await controller.get('/metrics'));
    return text.includes('sluice_guard_limit{');
  });
  return text;
}

/** Each series' name and its labels. */
function seriesOf(page: string): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const [, name = '', labels = ''] of page.matchAll(/^(\w+)(?:\{(.*)\})? \S+$/gm)) {
    const names = Array.from(labels.matchAll(/(\w+)="/g), ([, label = '']) => label);
    found.set(name, new Set([...(found.get(name) ?? []), ...names]));
  }
  return found;
}

/** The series that a query asks for: every name in it that is no function, operator, grouping label or duration. */
function selectorsOf(expression: string) {
  const bare = expression
    .replaceAll(/"[^"]*"/g, '""')
    .replaceAll(/\b(by|without|on|ignoring)\s*\([^)]*\)/g, ' ')
    .replaceAll(/\[[^\]]*\]|\boffset\s+\w+/g, ' ');
  return Array.from(
    bare.matchAll(/\b([a-zA-Z_:][\w:]*)\b(?!\s*\()(?:\{([^}]*)\})?/g),
    ([text, name = '', inside = '']) => ({
      text,
      name,
      labels: Array.from(inside.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g), ([, label = '']) => label),
    }),
  ).filter(({ name }) => !['and', 'or', 'unless', 'bool'].includes(name));
}
