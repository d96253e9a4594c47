import { Ajv } from 'ajv';
import type { EventBody } from '../../rollout/event.ts';
import { DETAILS, EventBody as EventBodySchema } from '../../rollout/event-schema.ts';

const ajv = new Ajv({ formats: { 'date-time': true } });
const isEvent = ajv.compile<EventBody>(EventBodySchema);
const CHECKS = new Map(
  Object.entries(DETAILS).map(([kind, { properties }]) => [
    kind,
    new Map(Object.entries(properties).map(([name, schema]) => [name, ajv.compile(schema)])),
  ]),
);

/**
 * The kind and the details of a row, which a version may have written that knows more, less or otherwise: details that do not fit
 * are left out, and a kind that is not known is another one.
 */
export function readEvent(kind: string, details: unknown): EventBody {
  const whole = { kind, details };
  if (isEvent(whole)) {
    return whole;
  }
  const given = isObject(details) ? details : {};
  const checks = CHECKS.get(kind);
  const fitting = Object.entries(given).filter(([name, value]) => checks?.get(name)?.(value) ?? true);
  const rest = { kind, details: Object.fromEntries(fitting) };
  return isEvent(rest) ? rest : { kind: 'other', details: { kind, details: given } };
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
