import assert from 'node:assert/strict';
import { after, afterEach, beforeEach, describe, test } from 'node:test';
import { until } from '../../src/dev/until.ts';
import type { Replica } from '../support/system/replica.ts';
import { startSystem } from '../support/system/system.ts';

const system = await startSystem({ replicas: 0, flag: 50 });
const { database } = system;

/** Writes are checked after they were answered: what each path wrote is what the domain's rule would have written. */
describe('the check of single writes', () => {
  after(() => system[Symbol.asyncDispose]());
  let service: Replica;
  beforeEach(async () => {
    service = await system.startReplica({ SHADOW_SAMPLE_PERCENT: '100' });
  });
  afterEach(async () => {
    await service.stop();
    await database.query('DROP TRIGGER IF EXISTS planted ON violations');
  });

  const count = async (result: string, field?: string) => {
    const { text } = await service.admin('/metrics');
    return Array.from(text.matchAll(/^sluice_consistency_checks_total\{(.*)\} (\d+)$/gm))
      .filter(([, labels = '']) => labels.includes(`result="${result}"`) && labels.includes(`field="${field ?? ''}`))
      .reduce((sum, [, , value]) => sum + Number(value), 0);
  };
  const write = async (writes: number) => {
    for (let turn = 0; turn < writes; turn += 1) {
      const more = ['', '&notes=seen', '&handled_by=me', '&notes=&handled_by='][turn % 4];
      assert.equal((await service.update(String((turn % 40) + 1), `status=confirmed${more}`)).status, 200);
    }
  };

  const plantTrigger = (change: string) =>
    database.query(`
      CREATE OR REPLACE FUNCTION planted() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN ${change}; RETURN NEW; END $$;
      CREATE TRIGGER planted BEFORE UPDATE ON violations FOR EACH ROW EXECUTE FUNCTION planted()`);

  test('counts a match in every field of every write of both paths, and keeps nothing', async () => {
    await write(200);
    await until('every write is checked', async () => (await count('match', 'history')) === 200);
    const [legacy = 0, domain = 0] = (
      await database.query<{ writes: number }>(
        'SELECT count(*)::integer AS writes FROM violation_status_history GROUP BY path ORDER BY path DESC',
      )
    ).map(({ writes }) => writes);
    assert.deepEqual([legacy > 0, domain > 0, legacy + domain], [true, true, 200]);
    // What the database returned of each domain write is compared as well.
    assert.equal(await count('match'), 5 * 200 + 4 * domain);
    assert.equal(await count('mismatch'), 0);
    assert.equal(await count('failed'), 0);
    assert.deepEqual(await database.query('SELECT * FROM consistency_mismatches'), []);
  });

  test('finds a field that a record lost, names it with both values, and answers the client as ever', async () => {
    await plantTrigger('NEW.notes := NULL');
    assert.equal((await service.update('900', 'status=resolved&notes=kept&force_domain=false')).status, 200);
    await until('the mismatch is counted', async () => (await count('mismatch', 'notes')) === 1);
    assert.equal(await count('match'), 4);
    const held = async () =>
      database.query('SELECT rollout, violation_id, field, expected, actual FROM consistency_mismatches');
    await until('it is kept', async () => (await held()).length === 1);
    assert.deepEqual(await held(), [
      { rollout: 'violation-status', violation_id: '900', field: 'notes', expected: 'kept', actual: null },
    ]);
  });

  test('finds a domain write of which the database returns something else, also where no write is sampled', async () => {
    await plantTrigger('NEW.status := OLD.status');
    await service.stop();
    service = await system.startReplica({ SHADOW_SAMPLE_PERCENT: '0' });
    assert.equal((await service.update('901', 'status=resolved&force_domain=true')).status, 200);
    await until('the mismatch is counted', async () => (await count('mismatch', 'status')) === 1);
    assert.equal(await count('match'), 3);
    await until('it is kept', async () => {
      const kept = await database.query(
        'SELECT path, field, expected, actual FROM consistency_mismatches WHERE violation_id = 901',
      );
      return (
        JSON.stringify(kept) ===
        JSON.stringify([{ path: 'domain', field: 'status', expected: 'resolved', actual: 'pending' }])
      );
    });
  });

  test('finds an acknowledged write that is not in the history; one whose record is gone too is only not checked', async () => {
    await database.query(`
      CREATE OR REPLACE FUNCTION forgotten() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN DELETE FROM violation_status_history WHERE violation_id = NEW.violation_id; RETURN NULL; END $$;
      CREATE TRIGGER forgotten AFTER INSERT ON violation_status_history FOR EACH ROW EXECUTE FUNCTION forgotten()`);
    try {
      assert.equal((await service.update('902', 'status=resolved&force_domain=false')).status, 200);
      await until('the loss is counted', async () => (await count('mismatch', 'history')) === 1);
    } finally {
      await database.query('DROP TRIGGER forgotten ON violation_status_history');
    }
    assert.equal(await count('failed'), 0);
    assert.equal((await service.update('903', 'status=resolved&force_domain=false')).status, 200);
    await database.query('DELETE FROM violations WHERE id = 903');
    await database.query('DELETE FROM violation_status_history WHERE violation_id = 903');
    await until('it is counted as not checked', async () => (await count('failed')) === 1);
    assert.equal(await count('mismatch', 'history'), 1);
  });

  test('counts as failed what cannot be compared, such as a time that is none, and goes on with the next write', async () => {
    await database.query("UPDATE violations SET handled_at = 'infinity' WHERE id = 905");
    assert.equal((await service.update('905', 'status=resolved&force_domain=false')).status, 200);
    assert.equal((await service.update('906', 'status=resolved&force_domain=false')).status, 200);
    await until('one is checked', async () => (await count('match', 'handled_at')) === 1);
    await until('the other failed', async () => (await count('failed')) === 1);
  });

  test('checks what still waits when the replica is asked to stop', async () => {
    await plantTrigger('NEW.notes := NULL');
    assert.equal((await service.update('904', 'status=resolved&notes=kept&force_domain=false')).status, 200);
    await service.stop();
    const kept = await database.query('SELECT field FROM consistency_mismatches WHERE violation_id = 904');
    assert.deepEqual(kept, [{ field: 'notes' }]);
  });

  test('a check that cannot be made is counted, and slows and fails no request', async () => {
    await database.query('ALTER TABLE violation_status_history RENAME COLUMN changed_at TO gone');
    try {
      await write(20);
      await until('every check failed', async () => (await count('failed')) === 20);
    } finally {
      await database.query('ALTER TABLE violation_status_history RENAME COLUMN gone TO changed_at');
    }
    assert.equal(await count('match', 'history'), 0);
  });
});
