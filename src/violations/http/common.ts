import Type from 'typebox';
import { problem } from '../../kit/http/problems.ts';
import { STATUSES } from '../violation.ts';

/** What both routes share. */

const LARGEST_ID = (2n ** 63n - 1n).toString();

// A pattern, not a number: as a number, ids above 2^53 lose digits.
export const ViolationPath = Type.Object({
  violation_id: Type.String({
    pattern: `^(${wholeNumbersUpTo(LARGEST_ID)})$`,
    description: `a whole number from 1 to ${LARGEST_ID}, in digits`,
  }),
});

export const ViolationIdNumber = Type.Integer({ format: 'int64', minimum: 1 });
export const StatusName = Type.Enum([...STATUSES]);

export const noSuchViolation = (id: string) =>
  problem(404, 'no-such-violation', 'No such violation', `There is no violation ${id}.`);

/** A regular expression of the whole numbers from 1 to `largest`, without leading zeros. */
function wholeNumbersUpTo(largest: string): string {
  const shorter = `[1-9][0-9]{0,${largest.length - 2}}`;
  const sameLength = Array.from(largest, (digit, at) => {
    const lowest = at === 0 ? 1 : 0;
    const below = Number(digit) - 1;
    return below < lowest ? [] : [`${largest.slice(0, at)}[${lowest}-${below}][0-9]{${largest.length - at - 1}}`];
  }).flat();
  return [shorter, ...sameLength, largest].join('|');
}
