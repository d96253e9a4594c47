import type { Logger } from 'pino';
import type { Path } from '../violations/path.ts';
import type { StatusUpdate, UpdateOutcome } from '../violations/violation.ts';
import type { Breaker } from './breaker.ts';
import { bucketHundredths } from './bucket.ts';
import { TimedOut, within } from './deadline.ts';
import { type Decision, decideByPercent, decideBySwitches, type Switches } from './decision.ts';
import type { PathMetrics } from './metrics.ts';
import type { Percent } from './percent.ts';

/** The domain path may also say that its repository cannot do this. */
type DomainOutcome = UpdateOutcome | { readonly kind: 'unsupported' };
/** The legacy path may also find that the write is there already. */
type LegacyOutcome = UpdateOutcome | { readonly kind: 'already-applied' };

export type UpdateRouterParts = {
  readonly rollout: string;
  readonly switches: Switches;
  readonly domainTimeoutMs: number;
  readonly legacyTimeoutMs: number;
  readonly flagPercent: (update: StatusUpdate) => Promise<Percent>;
  readonly domain: (update: StatusUpdate, signal: AbortSignal) => Promise<DomainOutcome>;
  readonly legacy: (update: StatusUpdate, signal: AbortSignal) => Promise<LegacyOutcome>;
  /** Makes sure that a failed write can no longer land, and tells the path that applied it, if one did. */
  readonly settle: (writeId: string) => Promise<Path | undefined>;
  readonly breaker: Breaker;
  readonly metrics: PathMetrics;
  readonly log: Pick<Logger, 'warn' | 'error'>;
};

/** `failed`: neither path could do it, or nobody can say whether it did. */
export type RoutedUpdate = Decision & { readonly outcome: UpdateOutcome | { readonly kind: 'failed' } };

/** Sends each update down one path, and down legacy where domain fails; no update is ever applied twice. */
export function createUpdateRouter(parts: UpdateRouterParts) {
  const { rollout, switches, breaker, metrics, log } = parts;

  async function route(update: StatusUpdate, forced: Path | undefined): Promise<RoutedUpdate> {
    const routed = await serve(update, await shouldUseDomain(update, forced));
    metrics.countDecision(routed);
    return routed;
  }

  async function shouldUseDomain(update: StatusUpdate, forced: Path | undefined): Promise<Decision> {
    const decided = decideBySwitches(switches, forced, breaker.state());
    if (decided !== undefined) {
      return decided;
    }
    const percent = await parts.flagPercent(update);
    const decision = decideByPercent(percent, switches.ceiling, () => bucketHundredths(rollout, update.violationId));
    // An open breaker speaks for everyone; who would be on domain may turn out to be its probe.
    return decision.path === 'legacy' && breaker.state() === 'open'
      ? { path: 'legacy', decision: 'breaker' }
      : decision;
  }

  async function serve(update: StatusUpdate, decision: Decision): Promise<RoutedUpdate> {
    if (decision.path === 'legacy') {
      return serveLegacy(update, decision);
    }
    try {
      const attempt = () =>
        metrics.measure('domain', () => within(parts.domainTimeoutMs, (signal) => parts.domain(update, signal)));
      const result =
        decision.decision === 'forced' ? { kind: 'ran' as const, value: await attempt() } : await breaker.run(attempt);
      if (result.kind === 'refused') {
        return serveLegacy(update, { path: 'legacy', decision: 'breaker' });
      }
      if (result.value.kind !== 'unsupported') {
        return { ...decision, outcome: result.value };
      }
      metrics.countFallback('unsupported');
      return serveLegacy(update, FALLBACK);
    } catch (error) {
      return fallBack(update, decision, error);
    }
  }

  async function fallBack(update: StatusUpdate, decision: Decision, error: unknown): Promise<RoutedUpdate> {
    const reason = error instanceof TimedOut ? 'timeout' : 'error';
    log.warn({ ...named(update), reason, error: describe(error) }, 'the domain path failed; legacy takes over');
    if ((await settled(update)) !== undefined) {
      return { ...decision, outcome: { kind: 'updated' } };
    }
    metrics.countFallback(reason);
    return serveLegacy(update, FALLBACK);
  }

  async function serveLegacy(update: StatusUpdate, decision: Decision): Promise<RoutedUpdate> {
    try {
      const outcome = await metrics.measure('legacy', () =>
        within(parts.legacyTimeoutMs, (signal) => parts.legacy(update, signal)),
      );
      // Only the domain attempt before this one can have written it, after all.
      return outcome.kind === 'already-applied'
        ? { ...decision, path: 'domain', outcome: { kind: 'updated' } }
        : { ...decision, outcome };
    } catch (error) {
      log.error({ ...named(update), error: describe(error) }, 'the legacy path failed');
      const appliedBy = await settled(update);
      return appliedBy === undefined
        ? { ...decision, outcome: { kind: 'failed' } }
        : { ...decision, path: appliedBy, outcome: { kind: 'updated' } };
    }
  }

  /** Where the database cannot say, nothing is known to be applied; the unique write id still keeps a second one out. */
  async function settled(update: StatusUpdate): Promise<Path | undefined> {
    try {
      return await parts.settle(update.writeId);
    } catch (error) {
      log.warn({ ...named(update), error: describe(error) }, 'cannot look up what became of a write');
      return undefined;
    }
  }

  return route;
}

const FALLBACK: Decision = { path: 'legacy', decision: 'fallback' };

function named({ requestId, violationId }: StatusUpdate) {
  return { request_id: requestId, violation_id: violationId };
}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
