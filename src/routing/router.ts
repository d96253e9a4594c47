import type { Logger } from 'pino';
import type { Percent } from '../kit/percent.ts';
import { TimedOut } from '../kit/time.ts';
import type { Breaker } from './breaker.ts';
import { bucketHundredths } from './bucket.ts';
import { decideByPercent, decideBySwitches, type PathDecision, type Switches } from './decision.ts';
import type { PathMetrics } from './metrics.ts';
import type { Path } from './path.ts';

/** What a path can say beside its own outcomes: `unsupported`, that it cannot do this; `already-applied`, that it is done. */
type Unsupported = { readonly kind: 'unsupported' };
type AlreadyApplied = { readonly kind: 'already-applied' };

/** `refused`: the breaker kept the call off the path, which was not tried. */
type Guarded<O> = { readonly kind: 'ran'; readonly value: O } | { readonly kind: 'refused' };

/** Both paths, with all that surrounds them: see createPaths. Each throws where its attempt failed. */
export type Paths<I, O> = {
  readonly domain: (input: I) => Promise<Guarded<O | Unsupported>>;
  /** Past the breaker, for calls that ask for the path. */
  readonly forcedDomain: (input: I) => Promise<O | Unsupported>;
  readonly legacy: (input: I) => Promise<O | AlreadyApplied>;
};

export type RouterParts<I, O> = {
  readonly rollout: string;
  readonly switches: Switches;
  /** What keeps its path while the percent stays. */
  readonly key: (input: I) => string;
  readonly flagPercent: (input: I) => Promise<Percent>;
  readonly paths: Paths<I, O>;
  /** Makes sure that a failed write can no longer land, and says which path applied it, if one did. */
  readonly settle: (input: I) => Promise<Path | undefined>;
  /** What a caller hears of a write that turned out to be applied. */
  readonly applied: O;
  readonly breaker: Pick<Breaker, 'state'>;
  readonly metrics: Pick<PathMetrics, 'countDecision' | 'countFallback'>;
  /** What log lines say of a call. */
  readonly logged: (input: I) => Readonly<Record<string, string>>;
  readonly log: Pick<Logger, 'warn' | 'error'>;
};

/** `failed`: neither path could do it, or nobody can say whether it did. */
export type Routed<O> = PathDecision & { readonly outcome: O | { readonly kind: 'failed' } };

/** Sends each write down one path, and down legacy where domain fails; no write is ever applied twice. */
export function createRouter<I, O extends { readonly kind: string }>(parts: RouterParts<I, O>) {
  const { rollout, switches, key, paths, breaker, metrics, logged, log } = parts;
  const applied = { outcome: parts.applied };

  async function route(input: I, forced: Path | undefined): Promise<Routed<O>> {
    const routed = await serve(input, await shouldUseDomain(input, forced));
    metrics.countDecision(routed);
    return routed;
  }

  async function shouldUseDomain(input: I, forced: Path | undefined): Promise<PathDecision> {
    const decided = decideBySwitches(switches, forced, breaker.state());
    if (decided !== undefined) {
      return decided;
    }
    const percent = await parts.flagPercent(input);
    const decision = decideByPercent(percent, switches.ceiling, () => bucketHundredths(rollout, key(input)));
    // An open breaker speaks for everyone; who would be on domain may turn out to be its probe.
    return decision.path === 'legacy' && breaker.state() === 'open'
      ? { path: 'legacy', decision: 'breaker' }
      : decision;
  }

  async function serve(input: I, decision: PathDecision): Promise<Routed<O>> {
    if (decision.path === 'legacy') {
      return serveLegacy(input, decision);
    }
    try {
      const result: Guarded<O | Unsupported> =
        decision.decision === 'forced'
          ? { kind: 'ran', value: await paths.forcedDomain(input) }
          : await paths.domain(input);
      if (result.kind === 'refused') {
        return serveLegacy(input, { path: 'legacy', decision: 'breaker' });
      }
      if (!isUnsupported(result.value)) {
        return { ...decision, outcome: result.value };
      }
      metrics.countFallback('unsupported');
      return serveLegacy(input, FALLBACK);
    } catch (error) {
      return fallBack(input, decision, error);
    }
  }

  async function fallBack(input: I, decision: PathDecision, error: unknown): Promise<Routed<O>> {
    const reason = error instanceof TimedOut ? 'timeout' : 'error';
    log.warn({ ...logged(input), reason, error: describe(error) }, 'the domain path failed; legacy takes over');
    if ((await whoApplied(input)) !== undefined) {
      return { ...decision, ...applied };
    }
    metrics.countFallback(reason);
    return serveLegacy(input, FALLBACK);
  }

  async function serveLegacy(input: I, decision: PathDecision): Promise<Routed<O>> {
    try {
      const outcome = await paths.legacy(input);
      // Only the domain attempt before this one can have written it, after all.
      return isAlreadyApplied(outcome) ? { ...decision, path: 'domain', ...applied } : { ...decision, outcome };
    } catch (error) {
      log.error({ ...logged(input), error: describe(error) }, 'the legacy path failed');
      const appliedBy = await whoApplied(input);
      return appliedBy === undefined
        ? { ...decision, outcome: { kind: 'failed' } }
        : { ...decision, path: appliedBy, ...applied };
    }
  }

  /** Where nobody can say, nothing is known to be applied; the unique write id still keeps a second one out. */
  async function whoApplied(input: I): Promise<Path | undefined> {
    try {
      return await parts.settle(input);
    } catch (error) {
      log.warn({ ...logged(input), error: describe(error) }, 'cannot look up what became of a write');
      return undefined;
    }
  }

  return route;
}

const FALLBACK: PathDecision = { path: 'legacy', decision: 'fallback' };

const isUnsupported = (outcome: { readonly kind: string }): outcome is Unsupported => outcome.kind === 'unsupported';
const isAlreadyApplied = (outcome: { readonly kind: string }): outcome is AlreadyApplied =>
  outcome.kind === 'already-applied';

function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
