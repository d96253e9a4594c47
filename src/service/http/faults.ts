import Type from 'typebox';
import { jsonAnswer, OPEN, problemAnswer, type Route, route } from '../../kit/http/route.ts';
import type { FaultSwitch } from '../../routing/faults.ts';

const Fault = Type.Object(
  {
    delayMs: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 600_000, description: 'whole milliseconds from 0 to 600000' }),
    ),
    errorPercent: Type.Optional(Type.Number({ minimum: 0, maximum: 100, description: 'a percentage from 0 to 100' })),
  },
  { additionalProperties: false, description: 'an object such as {"delayMs": 400, "errorPercent": 20}' },
);
const Faults = Type.Object(
  { domain: Type.Optional(Fault), legacy: Type.Optional(Fault) },
  { additionalProperties: false, description: 'an object of domain, legacy or both' },
);
const answers = { 200: jsonAnswer('What goes wrong now.', Faults) };

/** PUT /faults: what goes wrong on purpose from now on. */
export const setFaults = (faults: FaultSwitch): Route =>
  route({
    method: 'put',
    path: '/faults',
    operationId: 'setFaults',
    access: OPEN,
    body: { schema: Faults, limit: '4kb' },
    answers: {
      ...answers,
      400: problemAnswer('The faults are not valid.'),
      413: problemAnswer('The body is too large.'),
    },
    handle: (ctx, { body }) => {
      faults.set(body);
      ctx.body = faults.get();
    },
  });

/** DELETE /faults: nothing goes wrong on purpose any more. */
export const endFaults = (faults: FaultSwitch): Route =>
  route({
    method: 'delete',
    path: '/faults',
    operationId: 'endFaults',
    access: OPEN,
    answers,
    handle: (ctx) => {
      faults.set({});
      ctx.body = faults.get();
    },
  });
