import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { EventBody, EventKind } from './event.ts';
import { rankOf, withRoom } from './event-room.ts';

const body = (kind: EventKind) => ({ kind, details: {} }) as EventBody;
/** What is left of events that came in this order, one after the other. */
function left(most: number, ...kinds: readonly EventKind[]) {
  let waiting: readonly EventKind[] = [];
  for (const kind of kinds) {
    waiting = withRoom(waiting.concat(kind), most, body);
  }
  return waiting;
}

describe('where there is no room for all events', () => {
  test('the oldest note gives way first, then what is critical', () => {
    assert.deepEqual(left(2, 'trouble', 'lever-failed', 'holding'), ['lever-failed', 'holding']);
    assert.deepEqual(left(2, 'lever-failed', 'unconfirmed', 'rolled-back'), ['unconfirmed', 'rolled-back']);
  });

  test('no decision gives way, and neither does a rollback that is not written yet', () => {
    assert.deepEqual(left(1, 'rolling-back', 'rolled-back', 'adopted'), ['rolling-back', 'rolled-back', 'adopted']);
    assert.deepEqual(left(2, 'rolled-back', 'trouble', 'trouble', 'adopted', 'trouble'), ['rolled-back', 'adopted']);
  });
});

test('what a check found is no decision', () => {
  assert.deepEqual([rankOf(body('checked')), rankOf(body('mismatched'))], ['noise', 'critical']);
});
