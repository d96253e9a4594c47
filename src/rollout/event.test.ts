import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type EventBody, type EventKind, entersStage, isDecision, isMilestone, newsOf, severityOf } from './event.ts';
import { DETAILS } from './event-schema.ts';

const KINDS = Object.keys(DETAILS) as readonly EventKind[];
const body = (kind: EventKind) => ({ kind, details: {} }) as EventBody;
const those = (does: (kind: EventKind) => unknown) => KINDS.filter((kind) => does(kind));
const DECISIONS = those((kind) => isDecision(body(kind)));

describe('a check', () => {
  test('of functions or of the data is bad news, and worth saying, only where it found something', () => {
    const found = (count: number): readonly EventBody[] => [
      { kind: 'verified', details: { failed: count } },
      { kind: 'checked', details: { findings: count } },
    ];
    assert.deepEqual([...found(0), ...found(2)].map(newsOf), ['plain', 'plain', 'bad', 'bad']);
    assert.deepEqual([...found(0), ...found(2)].map(severityOf), [undefined, undefined, 'warning', 'warning']);
  });

  test('that does not say what it found is no news', () => {
    assert.deepEqual([newsOf(body('verified')), severityOf(body('checked'))], ['plain', undefined]);
  });
});

test('records that differ are bad news, as a rollback is, and both are critical', () => {
  for (const kind of ['mismatched', 'rolled-back', 'unconfirmed'] as const) {
    assert.deepEqual([newsOf(body(kind)), severityOf(body(kind))], ['bad', 'critical'], kind);
  }
});

test('people hear of every decision', () => {
  assert.equal(DECISIONS.length, 8);
  for (const kind of DECISIONS) {
    assert.notEqual(severityOf(body(kind)), undefined, kind);
  }
});

test('nothing but a decision begins a stage, and all of them are milestones', () => {
  assert.deepEqual(those(entersStage), ['started', 'promoted', 'rolled-back', 'adopted']);
  assert.deepEqual(
    those(entersStage).filter((kind) => !DECISIONS.includes(kind)),
    [],
  );
  assert.deepEqual(
    DECISIONS.filter((kind) => !isMilestone(kind)),
    [],
  );
});

test('a kind of a newer controller is a plain note', () => {
  for (const kind of ['frozen', 'constructor', '__proto__'] as unknown as EventKind[]) {
    assert.deepEqual([newsOf(body(kind)), severityOf(body(kind)), isMilestone(kind)], ['plain', undefined, false]);
  }
});
