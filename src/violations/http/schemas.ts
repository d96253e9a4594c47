import Type from 'typebox';
import { STATUSES } from '../violation.ts';

/** JSON Schema written once: it validates requests, and is what /openapi.json shows. */

const LARGEST_ID = (2n ** 63n - 1n).toString();

// A pattern, not a number: as a number, ids above 2^53 lose digits.
export const ALLOWED_ID = `a whole number from 1 to ${LARGEST_ID}, in digits`;
export const ViolationIdText = Type.String({
  pattern: `^(${wholeNumbersUpTo(LARGEST_ID)})$`,
  description: ALLOWED_ID,
});

const withoutNul = '^[^\\u0000]*$';

export const UpdateParameters = Type.Object(
  {
    status: Type.Enum([...STATUSES], { description: STATUSES.join(', ') }),
    notes: Type.Optional(
      Type.String({
        maxLength: 2_000,
        pattern: withoutNul,
        description: 'a text of up to 2,000 characters, none of them NUL',
      }),
    ),
    handled_by: Type.Optional(
      Type.String({
        maxLength: 100,
        pattern: withoutNul,
        description: 'a text of up to 100 characters, none of them NUL',
      }),
    ),
    force_domain: Type.Optional(Type.Enum(['true', 'false'], { description: 'true, false' })),
  },
  { additionalProperties: false },
);

const ViolationIdNumber = Type.Integer({ format: 'int64', minimum: 1 });
const StatusName = Type.Enum([...STATUSES]);

export const UpdateAnswer = Type.Object(
  { ok: Type.Literal(true), violation_id: ViolationIdNumber, status: StatusName },
  { additionalProperties: false },
);

export const ViolationAnswer = Type.Object(
  {
    id: ViolationIdNumber,
    status: StatusName,
    notes: Type.Union([Type.String(), Type.Null()]),
    handled_by: Type.Union([Type.String(), Type.Null()]),
    handled_at: Type.Union([Type.String({ format: 'date-time' }), Type.Null()]),
    version: Type.Integer({ minimum: 0, description: 'How many changes were applied.' }),
  },
  { additionalProperties: false },
);

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
