import Type, { type Static } from 'typebox';

const MOST_ALERTS = 1_000;

const Texts = (description: string) => Type.Record(Type.String(), Type.String(), { description });

/** What Alertmanager posts to a webhook, version 4 (https://prometheus.io/docs/alerting/latest/configuration/#webhook_config). */
export const Webhook = Type.Object(
  {
    version: Type.Literal('4', { description: '"4"' }),
    alerts: Type.Array(
      Type.Object(
        {
          status: Type.Enum(['firing', 'resolved'], { description: 'firing, resolved' }),
          labels: Texts('an object of texts'),
          annotations: Type.Optional(Texts('an object of texts')),
          startsAt: Type.String({
            format: 'date-time',
            pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?(Z|[+-]\\d\\d:\\d\\d)$',
            maxLength: 40,
            description: 'an RFC 3339 time',
          }),
          fingerprint: Type.String({ minLength: 1, maxLength: 100, description: 'a text of 1 to 100 characters' }),
        },
        { description: 'an alert: an object' },
      ),
      { description: 'a list of alerts' },
    ),
  },
  { description: "Alertmanager's webhook message, version 4: an object" },
);
export type Webhook = Static<typeof Webhook>;

type Alert = {
  /** The same for every telling of one alert, and another one when it fires anew. */
  readonly id: string;
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly startsAtMs: number;
  readonly summary: string;
};

/**
 * The firing alerts that ask for a rollback of this rollout. `ignored` counts resolved alerts, those of others, and those beyond
 * the first thousand.
 */
export function rollbacksAskedBy(
  message: Webhook,
  rollout: string,
): { readonly alerts: readonly Alert[]; readonly ignored: number } {
  const asked = message.alerts
    .filter(({ status, labels }) => status === 'firing' && labels.rollout === rollout && labels.action === 'rollback')
    .slice(0, MOST_ALERTS);
  const alerts = asked.map(({ fingerprint, startsAt, labels, annotations }) => ({
    id: `${fingerprint}@${startsAt}`,
    name: (labels.alertname || fingerprint).slice(0, 100),
    startsAtMs: Date.parse(startsAt),
    summary: (annotations?.summary ?? '').slice(0, 500),
  }));
  return { alerts, ignored: message.alerts.length - alerts.length };
}
