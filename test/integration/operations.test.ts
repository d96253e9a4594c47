import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { parse } from 'yaml';
import { checkConsistency } from '../../src/consistency/check.ts';
import { openConsistencyStore } from '../../src/consistency/sql/check-store.ts';
import { execute, type TestDatabase } from '../support/database.ts';
import { fixedAt, type SystemHere, startSystem } from '../support/system/system.ts';

const ROOT = join(import.meta.dirname, '../..');
const read = (path: string) => readFile(join(ROOT, path), 'utf8');

type Rule = {
  readonly alert?: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
};

/** What docs/operations.md and monitoring/ promise whoever is paged. */
describe('every alert', async () => {
  const files = await readdir(join(ROOT, 'monitoring/rules'));
  const rules: Rule[] = [];
  for (const file of files) {
    const { groups } = parse(await read(`monitoring/rules/${file}`)) as { groups: { rules: Rule[] }[] };
    rules.push(...groups.flatMap((group) => group.rules));
  }
  const alerts = rules.filter(({ alert }) => alert !== undefined);

  test('has a severity, a summary, a description, and its entry in the runbook', async () => {
    const headings = Array.from((await read('docs/operations.md')).matchAll(/^### (Sluice\w+)$/gm), ([, name]) => name);
    assert.ok(alerts.length >= 16);
    for (const { alert = '', labels, annotations } of alerts) {
      assert.match(labels?.severity ?? '', /^(warning|critical)$/, alert);
      assert.ok(annotations?.summary && annotations.description, alert);
      assert.equal(annotations.runbook, `docs/operations.md#${alert.toLowerCase()}`);
    }
    assert.deepEqual(headings.sort(), alerts.map(({ alert }) => alert).sort());
  });

  test('has a test of promtool that names it', async () => {
    const tests = await Promise.all(
      (await readdir(join(ROOT, 'monitoring/tests'))).map((name) => read(`monitoring/tests/${name}`)),
    );
    for (const { alert = '' } of alerts) {
      assert.ok(
        tests.some((text) => text.includes(`alertname: ${alert}`) || text.includes(`alertname="${alert}"`)),
        alert,
      );
    }
  });

  test('that rolls back is critical, and is about one rollout', () => {
    const rollbacks = alerts.filter(({ labels }) => labels?.action === 'rollback');
    assert.deepEqual(rollbacks.map(({ alert }) => alert).sort(), [
      'SluiceBreakersOpen',
      'SluiceConsistencyMismatch',
      'SluiceDomainErrors',
      'SluiceDomainSlow',
      'SluiceReplicaRestarts',
    ]);
    for (const { alert, labels } of rollbacks) {
      assert.equal(labels?.severity, 'critical', alert);
    }
  });
});

describe('the SQL of the operations page', () => {
  let system: SystemHere;
  let database: TestDatabase;
  const role = (name: string) => `${name}_${suffix}`;
  const suffix = randomBytes(4).toString('hex');
  const NAMES = ['sluice_service', 'sluice_controller', 'sluice_check'];
  const urlOf = (name: string) => {
    const url = new URL(database.url);
    url.username = role(name);
    url.password = 'test';
    return url.href;
  };
  const blocks = async () =>
    Array.from((await read('docs/operations.md')).matchAll(/^```sql\n(.*?)^```$/gms), ([, sql = '']) => sql);
  before(async () => {
    system = await startSystem({ replicas: 0 });
    ({ database } = system);
    for (const name of NAMES) {
      await execute(database.url, `CREATE ROLE ${role(name)} LOGIN PASSWORD 'test'`);
    }
  });
  after(async () => {
    for (const name of NAMES) {
      await execute(database.url, `DROP OWNED BY ${role(name)}`);
      await execute(database.url, `DROP ROLE ${role(name)}`);
    }
    await system[Symbol.asyncDispose]();
  });

  test('grants the service what both of its paths and its checks need, and nothing of the journal', async () => {
    const grants = (await blocks())[0] ?? '';
    await execute(
      database.url,
      NAMES.reduce((sql, name) => sql.replaceAll(name, role(name)), grants),
    );
    const url = urlOf('sluice_service');
    await using service = await system.startReplica({ ...fixedAt(0), DATABASE_URL: url, SHADOW_SAMPLE_PERCENT: '100' });
    for (const forced of ['true', 'false']) {
      const { status, headers } = await service.update('7', `status=confirmed&notes=n&force_domain=${forced}`);
      assert.deepEqual([status, headers['rollout-path']], [200, forced === 'true' ? 'domain' : 'legacy']);
    }
    assert.equal((await service.read('7')).status, 200);
    assert.equal((await service.admin('/readyz')).status, 200);
    await assert.rejects(execute(url, 'SELECT * FROM rollout_state'), /permission denied/);
    await assert.rejects(execute(url, 'DELETE FROM violation_status_history'), /permission denied/);
    await assert.rejects(execute(url, 'DELETE FROM violations'), /permission denied/);
  });

  test('lets whoever checks the data read it and keep what was found, and change none of it', async () => {
    await database.query("UPDATE violations SET notes = 'by hand' WHERE id = 7");
    const url = urlOf('sluice_check');
    await using store = await openConsistencyStore(url);
    const check = await store.begin({ rollout: 'violation-status', actor: 'ana', since: null });
    const { isFinished, progress } = await checkConsistency({ store, check });
    assert.deepEqual([isFinished, progress.records, progress.changes, progress.findings], [true, 1_000, 2, 1]);
    const { findings } = await store.found(check.id, 10);
    assert.deepEqual(
      findings.map(({ violationId, kind, field, expected, actual }) => [violationId, kind, field, expected, actual]),
      [['7', 'record-differs', 'notes', 'n', 'by hand']],
    );
    await assert.rejects(execute(url, "UPDATE violations SET notes = ''"), /permission denied/);
    await assert.rejects(execute(url, 'DELETE FROM consistency_findings'), /permission denied/);
  });

  test('lets the controller name the records of a rollback, and read no record', async () => {
    const url = urlOf('sluice_controller');
    await execute(url, 'SELECT * FROM consistency_mismatches');
    await assert.rejects(execute(url, 'SELECT * FROM violations'), /permission denied/);
  });

  test('says what the domain path changed since a time, and what each record was before', async () => {
    const changed = (await blocks()).at(-1) ?? '';
    const rows = await database.query<{ violation_id: string; status_before: string }>(changed);
    assert.deepEqual(
      rows.map(({ violation_id, status_before }) => [violation_id, status_before]),
      [['7', 'pending']],
    );
  });
});
