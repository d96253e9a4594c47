import { Ajv } from 'ajv';
import Type, { type Static } from 'typebox';
import { shown } from '../../kit/schema-errors.ts';

const MOST_ALERTS = 1_000;
const MOST_PROBLEMS = 20;

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

type Alert = {
  /** The same for every telling of one alert, and another one when it fires anew. */
  readonly id: string;
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly startsAtMs: number;
  readonly summary: string;
};

export type ReadAlerts =
  /** `ignored` counts resolved alerts, those of others, and those beyond the first thousand. */
  | { readonly kind: 'alerts'; readonly alerts: readonly Alert[]; readonly ignored: number }
  | { readonly kind: 'invalid'; readonly problems: readonly string[] };

const isMessage = new Ajv({ verbose: true }).compile<Static<typeof Webhook>>(Webhook);
const validate = new Ajv({ allErrors: true, verbose: true }).compile<Static<typeof Webhook>>(Webhook);

/**
 * The firing alerts that ask for a rollback of this rollout.
 * @param body the message as parsed from JSON, of whatever shape.
 */
export function readAlerts(body: unknown, rollout: string): ReadAlerts {
  if (!isMessage(body)) {
    return { kind: 'invalid', problems: problemsOf(body) };
  }
  const asked = body.alerts
    .filter(({ status, labels }) => status === 'firing' && labels.rollout === rollout && labels.action === 'rollback')
    .slice(0, MOST_ALERTS);
  const alerts = asked.map(({ fingerprint, startsAt, labels, annotations }) => ({
    id: `${fingerprint}@${startsAt}`,
    name: (labels.alertname || fingerprint).slice(0, 100),
    startsAtMs: Date.parse(startsAt),
    summary: (annotations?.summary ?? '').slice(0, 500),
  }));
  const timeless = body.alerts.findIndex(({ startsAt }) => Number.isNaN(Date.parse(startsAt)));
  if (timeless !== -1) {
    const came = JSON.stringify(body.alerts[timeless]?.startsAt);
    return { kind: 'invalid', problems: [`alerts.${timeless}.startsAt came as ${came}; allowed: an RFC 3339 time`] };
  }
  return { kind: 'alerts', alerts, ignored: body.alerts.length - alerts.length };
}

/** All of them where the message is of a usual size: a list of a million wrong alerts is not looked through. */
function problemsOf(body: unknown): string[] {
  const { alerts } = (body ?? {}) as { alerts?: unknown };
  const check = Array.isArray(alerts) && alerts.length > MOST_ALERTS ? isMessage : validate;
  check(body);
  return (check.errors ?? []).slice(0, MOST_PROBLEMS).map(({ instancePath, keyword, params, data, parentSchema }) => {
    const where = instancePath.slice(1).replaceAll('/', '.') || 'the message';
    if (keyword === 'required') {
      return `${where} lacks ${params.missingProperty}`;
    }
    const allowed = (parentSchema as { description?: string } | undefined)?.description ?? 'a text';
    return `${where} came as ${shown(data)}; allowed: ${allowed}`;
  });
}
