import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { decideByPercent, decideBySwitches } from './decision.ts';

const percent = fc.integer({ min: 0, max: 100 });
const bucket = fc.integer({ min: 0, max: 9_999 });

describe('by switches', () => {
  test('USE_DOMAIN_SERVICE=false beats everything, force_domain included', () => {
    assert.deepEqual(decideBySwitches({ useDomain: false }, 'domain', 'closed'), {
      path: 'legacy',
      decision: 'disabled',
    });
  });

  test('a forced path beats the breaker', () => {
    for (const breaker of ['closed', 'open', 'half-open'] as const) {
      assert.deepEqual(decideBySwitches({ useDomain: true }, 'domain', breaker), {
        path: 'domain',
        decision: 'forced',
      });
      assert.deepEqual(decideBySwitches({ useDomain: true }, 'legacy', breaker), {
        path: 'legacy',
        decision: 'forced',
      });
    }
  });

  test('while a probe is under way everyone else stays on legacy', () => {
    assert.deepEqual(decideBySwitches({ useDomain: true }, undefined, 'half-open'), {
      path: 'legacy',
      decision: 'breaker',
    });
  });

  test('leaves everything else to the percent', () => {
    assert.equal(decideBySwitches({ useDomain: true }, undefined, 'closed'), undefined);
  });
});

describe('by percent', () => {
  test('0 % sends nobody to domain, 100 % sends everybody', () => {
    fc.assert(
      fc.property(bucket, (at) => {
        assert.equal(decideByPercent(0, undefined, () => at).path, 'legacy');
        assert.equal(decideByPercent(100, undefined, () => at).path, 'domain');
      }),
    );
  });

  test('who is in at a percent stays in at every higher one', () => {
    fc.assert(
      fc.property(percent, percent, bucket, (one, other, at) => {
        const [lower, higher] = [Math.min(one, other), Math.max(one, other)];
        if (decideByPercent(lower, undefined, () => at).path === 'domain') {
          assert.equal(decideByPercent(higher, undefined, () => at).path, 'domain');
        }
      }),
    );
  });

  test('a ceiling lets in exactly who its own percent would, and says capped to whom it alone keeps out', () => {
    fc.assert(
      fc.property(percent, percent, bucket, (flag, ceiling, at) => {
        const { path, decision } = decideByPercent(flag, ceiling, () => at);
        assert.equal(path, decideByPercent(Math.min(flag, ceiling), undefined, () => at).path);
        assert.equal(decision === 'capped', at < flag * 100 && at >= ceiling * 100);
      }),
    );
  });

  test('decides at the edge to a hundredth of a percent', () => {
    assert.equal(decideByPercent(5, undefined, () => 499).path, 'domain');
    assert.equal(decideByPercent(5, undefined, () => 500).path, 'legacy');
  });
});
