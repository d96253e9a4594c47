/**
 * An always-valid test of “the chance of a bad trial is at most `limitShare`”: it may be looked at after every batch,
 * for as long as one likes, and it also finds a change that begins late.
 *
 * For each alternative share p1 above the limit p0 the likelihood ratio
 *   (p1/p0)^bad · ((1−p1)/(1−p0))^good
 * is a bet against the limit that does not gain on average while every trial, given those before it, is bad with a chance
 * of at most p0 (a betting e-process with λ = (p1−p0)/(p0(1−p0)); Waudby-Smith & Ramdas, “Estimating means of bounded
 * random variables by betting”, JRSS B 2023). The alternatives are mixed, because the true share is not known, and so
 * are the moments at which the bets are placed, because the beginning of a change is not known either: a
 * Shiryaev–Roberts sum (Shin, Ramdas & Rinaldo, “E-detectors: a nonparametric framework for sequential change
 * detection”, 2022), whose starts here carry weights that add up to 1. What has not started yet stays in hand, so
 *   E = Σ over alternatives of the bets begun + the weight in hand
 * begins at 1 and is an e-process itself.
 *
 * Guarantee (Ville's inequality): P(E ever reaches 1/alpha) ≤ alpha, over the test's whole life and not for each look.
 * Assumption: given the trials counted before, each is bad with a chance of at most `limitShare`, and neither the clock
 * nor the size of a batch knows the outcomes in it. Independence is not needed; but a burst of failures is a moment at
 * which that chance was above the limit, and is reported as one.
 */
export type SequentialTest = {
  /** p0: the share of bad trials that is still within the limit. */
  readonly limitShare: number;
  readonly alpha: number;
  /** ln of what one bad, and one good, trial multiplies the bet on each alternative with. */
  readonly perBad: readonly number[];
  readonly perGood: readonly number[];
  /** The bets begun so far on each alternative, weighted and summed over their starts. */
  readonly begun: readonly number[];
  readonly starts: number;
  readonly lastStartMs: number | null;
  readonly breached: boolean;
};

const ALTERNATIVES = 14;
/** No alternative is nearer to the limit than this: what is nearer takes tens of thousands of trials to distinguish. */
const NEAREST_RATIO = 1.15;
/** The farthest alternative: a path that fails outright. Not 1, which a single good trial would refute for ever. */
const DEAD_SHARE = 0.99;
/** New bets begin with the first trials after this time: with every tick, in practice. */
const START_EVERY_MS = 250;
/** Keeps sums finite. Bets are only ever rounded down here, and only long after the breach or as good as lost. */
const LARGEST_BET = 1e300;
const LARGEST_EXPONENT = 690;

/** @throws RangeError unless 0 < limitShare < 1 and 0 < alpha < 1. */
export function beginTest(options: { readonly limitShare: number; readonly alpha: number }): SequentialTest {
  const { limitShare, alpha } = options;
  for (const [name, value] of Object.entries({ limitShare, alpha })) {
    if (!(value > 0 && value < 1)) {
      throw new RangeError(`${name} must be between 0 and 1, exclusive; it is ${value}`);
    }
  }
  const shares = alternativesAbove(limitShare);
  return {
    limitShare,
    alpha,
    perBad: shares.map((share) => Math.log(share / limitShare)),
    perGood: shares.map((share) => Math.log1p(-share) - Math.log1p(-limitShare)),
    begun: shares.map(() => 0),
    starts: 0,
    lastStartMs: null,
    breached: false,
  };
}

/**
 * Adds the trials seen since the last call; `nowMs` may go backwards or jump.
 * @throws RangeError for counts that are not whole numbers with 0 ≤ bad ≤ trials, or a time that is not a number.
 */
export function addTrials(
  test: SequentialTest,
  seen: { readonly trials: number; readonly bad: number },
  nowMs: number,
): SequentialTest {
  const { trials, bad } = seen;
  if (!Number.isSafeInteger(trials) || !Number.isSafeInteger(bad) || bad < 0 || bad > trials) {
    throw new RangeError(`not a count of trials: ${bad} bad of ${trials}`);
  }
  if (!Number.isFinite(nowMs)) {
    throw new RangeError(`not a time: ${nowMs}`);
  }
  if (trials === 0) {
    return test;
  }
  const { limitShare, alpha, perBad, perGood } = test;
  // By clock and traffic alone: a start that knew the outcomes would be a bet placed after the race.
  const starting = isStartDue(test.lastStartMs, nowMs);
  const stake = starting ? startWeight(test.starts) / perBad.length : 0;
  const starts = starting ? test.starts + 1 : test.starts;
  const good = trials - bad;

  let evidence = weightInHand(starts);
  // A plain loop: this is called at every tick, and billions of times by the simulation that checks it.
  const begun = test.begun.slice();
  for (let at = 0; at < begun.length; at++) {
    const exponent = bad * (perBad[at] as number) + good * (perGood[at] as number);
    const bet = ((begun[at] as number) + stake) * Math.exp(Math.min(exponent, LARGEST_EXPONENT));
    const kept = Math.min(bet, LARGEST_BET);
    begun[at] = kept;
    evidence += kept;
  }
  return {
    limitShare,
    alpha,
    perBad,
    perGood,
    begun,
    starts,
    lastStartMs: starting ? nowMs : test.lastStartMs,
    breached: test.breached || evidence * alpha >= 1,
  };
}

/** ln of the e-value: 0 at the beginning, rising with evidence against the limit, no higher than about 690. */
export function logEvidence(test: SequentialTest): number {
  return Math.log(test.begun.reduce((sum, bet) => sum + bet, weightInHand(test.starts)));
}

/** Whether the evidence has ever reached ln(1/alpha); later good trials do not take it back. */
export function isBreached(test: SequentialTest): boolean {
  return test.breached;
}

/** From just above the limit to a dead path, each a constant factor above the one before. */
function alternativesAbove(limitShare: number): number[] {
  const farthest = Math.max(DEAD_SHARE, 1 - (1 - limitShare) / 10);
  const nearest = Math.min(NEAREST_RATIO * limitShare, Math.sqrt(limitShare * farthest));
  return Array.from({ length: ALTERNATIVES }, (_, at) => nearest * (farthest / nearest) ** (at / (ALTERNATIVES - 1)));
}

/** A clock that went back starts anew as well: waiting for it to catch up could leave the test without fresh bets. */
const isStartDue = (lastStartMs: number | null, nowMs: number) =>
  lastStartMs === null || nowMs < lastStartMs || nowMs - lastStartMs >= START_EVERY_MS;

/** The weight left after `starts`: all; after the first, half; from there 1/2 · 10/(10 + ln starts), falling to 0. */
const weightInHand = (starts: number) => (starts === 0 ? 1 : 5 / (10 + Math.log(starts)));

/** weightInHand(starts) − weightInHand(starts + 1), without the cancellation; hence all weights add up to 1. */
const startWeight = (starts: number) =>
  starts === 0 ? 0.5 : (5 * Math.log1p(1 / starts)) / ((10 + Math.log(starts)) * (10 + Math.log(starts + 1)));
