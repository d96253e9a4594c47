import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createFiringAlerts } from './firing-alerts.ts';
import type { AlertChange, FiringAlert } from './ports.ts';

const alert = (fingerprint: string, startsAtMs = 1): FiringAlert => ({
  fingerprint,
  name: 'Slow',
  startsAtMs,
  summary: '',
});
const fires = (...of: Parameters<typeof alert>): AlertChange => ({ status: 'firing', alert: alert(...of) });
const ends = (...of: Parameters<typeof alert>): AlertChange => ({ status: 'resolved', alert: alert(...of) });

/** A store that is a list, and away while it is set so. */
function createStore() {
  const rows = new Map<string, AlertChange>();
  const store = {
    isAway: false,
    keepAlerts: async (changes: readonly AlertChange[]) => {
      if (store.isAway) {
        throw new Error('away');
      }
      for (const change of changes) {
        rows.set(change.alert.fingerprint, change);
      }
    },
    alerts: () => [...rows.values()],
  };
  return store;
}

describe('an alert', () => {
  test('fires until it is resolved, however often it is reported', () => {
    const alerts = createFiringAlerts();
    assert.deepEqual([alerts.take(fires('a')), alerts.take(fires('a'))], [true, false]);
    assert.equal(alerts.now().length, 1);
    assert.equal(alerts.take(ends('a')), true);
    assert.equal(alerts.now().length, 0);
  });

  test('that is reported late, after it was resolved, does not fire again; one that begins anew does', () => {
    const alerts = createFiringAlerts();
    alerts.take(fires('a', 1));
    alerts.take(ends('a', 1));
    assert.equal(alerts.take(fires('a', 1)), false);
    assert.equal(alerts.take(fires('a', 2)), true);
    assert.equal(alerts.take(ends('a', 1)), false);
    assert.equal(alerts.now().length, 1);
  });

  test('that another controller received fires here too, and ends here too', async () => {
    const store = createStore();
    const [ours, theirs] = [createFiringAlerts(), createFiringAlerts()];
    theirs.take(fires('a'));
    await theirs.persist(store);
    ours.join(store.alerts());
    assert.equal(ours.now().length, 1);
    theirs.take(ends('a'));
    await theirs.persist(store);
    ours.join(store.alerts());
    assert.equal(ours.now().length, 0);
  });

  test('that was resolved at another controller does not fire for a late repeat here, nor after a restart', async () => {
    const store = createStore();
    const [ours, theirs] = [createFiringAlerts(), createFiringAlerts()];
    ours.take(fires('a'));
    await ours.persist(store);
    theirs.take(ends('a'));
    await theirs.persist(store);
    ours.join(store.alerts());
    assert.equal(ours.take(fires('a')), false);
    const restarted = createFiringAlerts();
    restarted.join(store.alerts());
    assert.equal(restarted.take(fires('a')), false);
    assert.equal(restarted.take(fires('a', 2)), true);
  });

  test('fires again where the journal lost it, as soon as it is sent again', () => {
    const alerts = createFiringAlerts();
    alerts.join([fires('a')]);
    alerts.join([]);
    assert.deepEqual([alerts.now().length, alerts.take(fires('a'))], [0, true]);
  });

  test('that the journal does not have yet is not forgotten for what the journal says', async () => {
    const store = createStore();
    const alerts = createFiringAlerts();
    store.isAway = true;
    alerts.take(fires('a'));
    await assert.rejects(alerts.persist(store));
    alerts.join([]);
    assert.equal(alerts.now().length, 1);
    store.isAway = false;
    await alerts.persist(store);
    alerts.join(store.alerts());
    assert.equal(alerts.now().length, 1);
  });
});
