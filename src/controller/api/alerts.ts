import Type, { type Static } from 'typebox';
import { jsonAnswer, type Route, route } from '../../kit/http/route.ts';
import { rollbacksAskedBy, Webhook } from '../signals/alerts.ts';
import type { ApiParts } from './parts.ts';

const count = Type.Integer({ minimum: 0 });
const AlertsAnswer = Type.Object({ acted: count, known: count, ignored: count });

/** POST /api/alerts: Alertmanager's webhook. */
export const alerts = ({ loop, rollout, may }: ApiParts): Route =>
  route({
    method: 'post',
    path: '/api/alerts',
    operationId: 'receiveAlerts',
    summary: "Alertmanager's webhook: a firing alert labelled `rollout` and `action: rollback` drops the flag",
    access: may.change,
    // Alertmanager puts all alerts of a group into one message.
    body: { schema: Webhook, limit: '1mb' },
    answers: {
      200: jsonAnswer('How many alerts were acted on, known before, and none of this rollout.', AlertsAnswer),
    },
    handle: async (ctx, { body }) => {
      const { alerts, ignored } = rollbacksAskedBy(body, rollout);
      let acted = 0;
      for (const { id, name } of alerts) {
        acted += (await loop.alert(id, name)) ? 1 : 0;
      }
      ctx.body = { acted, known: alerts.length - acted, ignored } satisfies Static<typeof AlertsAnswer>;
    },
  });
