import Type, { type Static } from 'typebox';
import { answerProblem, invalidBody } from '../../kit/http/problems.ts';
import { jsonAnswer, type Route, route } from '../../kit/http/route.ts';
import { DocumentedWebhook, readAlerts, Webhook } from '../signals/alerts.ts';
import type { ApiParts } from './parts.ts';

const count = Type.Integer({ minimum: 0 });
const AlertsAnswer = Type.Object({ acted: count, known: count, ignored: count });

/** POST /api/alerts: the webhook of Alertmanager and of Grafana. */
export const alerts = ({ loop, rollout, may }: ApiParts): Route =>
  route({
    method: 'post',
    path: '/api/alerts',
    operationId: 'receiveAlerts',
    summary:
      "Webhook of Alertmanager, or of Grafana's managed alerts: while an alert labelled `rollout` and `action: rollback` fires, the flag is down",
    access: may.change,
    // Alertmanager puts all alerts of a group into one message.
    body: { schema: Webhook, documented: DocumentedWebhook, limit: '1mb' },
    answers: {
      200: jsonAnswer(
        'How many alerts were new, already known, and ignored: of another rollout, or malformed.',
        AlertsAnswer,
      ),
    },
    handle: async (ctx, { body }) => {
      const { changes, ignored, problems } = readAlerts(body, rollout);
      if (changes.length === 0 && problems.length > 0) {
        return answerProblem(ctx, invalidBody(problems));
      }
      const acted = await loop.alerted(changes);
      ctx.body = { acted, known: changes.length - acted, ignored } satisfies Static<typeof AlertsAnswer>;
    },
  });
