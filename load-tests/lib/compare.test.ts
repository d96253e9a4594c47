import assert from 'node:assert/strict';
import { test } from 'node:test';
import { differences } from './compare.ts';

const WRITTEN = { status: 'confirmed', notes: 'ok', handled_by: 'ana', version: 3 };

test('what was written is no difference', () => {
  assert.deepEqual(differences(WRITTEN, { ...WRITTEN }), []);
});

test('each field that is not as it was written is named, and a version that grew too much is one', () => {
  assert.deepEqual(differences(WRITTEN, { status: 'pending', notes: null, handled_by: 'ben', version: 4 }), [
    'status',
    'notes',
    'handled_by',
    'version',
  ]);
  assert.deepEqual(differences(WRITTEN, { ...WRITTEN, notes: 'OK' }), ['notes']);
});
