import { compile } from '../../kit/schema.ts';
import type { EventBody } from '../../rollout/event.ts';
import { DETAILS, EventBody as EventBodySchema } from '../../rollout/event-schema.ts';

const checkEvent = compile(EventBodySchema);
const CHECKS = new Map(
  Object.entries(DETAILS).map(([kind, { properties }]) => [
    kind,
    new Map(Object.entries(properties).map(([name, schema]) => [name, compile(schema)])),
  ]),
);

/**
 * The kind and the details of a row, which a version may have written that knows more, less or otherwise: details that do not fit
 * are left out, and a kind that is not known is another one.
 */
export function readEvent(kind: string, details: unknown): EventBody {
  const whole = checkEvent({ kind, details });
  if (whole.ok) {
    return whole.value;
  }
  const given = isObject(details) ? details : {};
  const checks = CHECKS.get(kind);
  const fitting = Object.entries(given).filter(([name, value]) => checks?.get(name)?.(value).ok ?? true);
  const rest = checkEvent({ kind, details: Object.fromEntries(fitting) });
  return rest.ok ? rest.value : { kind: 'other', details: { kind, details: given } };
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
