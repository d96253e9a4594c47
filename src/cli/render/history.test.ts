import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventFixture } from '../../../test/support/status-fixture.ts';
import type { EventBody } from '../../rollout/event.ts';
import { createPaint } from '../terminal/output.ts';
import { renderEvent } from './history.ts';

const paint = createPaint(true);
const isIn = (color: 'red' | 'yellow' | 'bold', body: EventBody) =>
  renderEvent(eventFixture(body), { paint, columns: 80 }).includes(paint[color](body.kind));

test('bad news is red, as on the console; what somebody should know of is yellow; everything else is bold', () => {
  assert.ok(isIn('red', { kind: 'rolled-back', details: {} }));
  assert.ok(isIn('red', { kind: 'mismatched', details: {} }));
  assert.ok(isIn('red', { kind: 'checked', details: { findings: 1 } }));
  assert.ok(isIn('bold', { kind: 'checked', details: { findings: 0 } }));
  assert.ok(isIn('yellow', { kind: 'approval-needed', details: {} }));
  assert.ok(isIn('bold', { kind: 'promoted', details: {} }));
});
