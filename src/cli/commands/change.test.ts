import assert from 'node:assert/strict';
import { test } from 'node:test';
import { served, statusFixture } from '../../../test/support/status-fixture.ts';
import { isServed } from './change.ts';

test('a percent is served when the flag and every replica say so, and silence is no yes', () => {
  assert.equal(isServed(statusFixture(), 25), true);
  assert.equal(isServed(statusFixture(), 10), false);
  assert.equal(isServed(statusFixture({ served: [] }), 25), false);
  assert.equal(isServed(statusFixture({ served: [served('a'), served('b', { percent: null })] }), 25), false);
  const configured = { ...statusFixture().configured, percent: 10 };
  assert.equal(isServed(statusFixture({ configured }), 25), false);
});
