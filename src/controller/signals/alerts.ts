import Type, { type Static } from 'typebox';
import { compile } from '../../kit/schema.ts';
import { inWords } from '../../kit/schema-errors.ts';
import type { AlertChange } from '../engine/ports.ts';

const MOST_ALERTS = 1_000;
const MOST_PROBLEMS = 20;

const Texts = (description: string) => Type.Record(Type.String(), Type.String(), { description });

const MESSAGE = "a webhook message of Alertmanager or of Grafana's managed alerts: an object";

/**
 * What Alertmanager posts to a webhook, version 4 (https://prometheus.io/docs/alerting/latest/configuration/#webhook_config), and
 * Grafana for its managed alerts, version 1 (https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/).
 */
export const Webhook = Type.Object(
  {
    version: Type.Enum(['4', '1'], { description: '"4" of Alertmanager, "1" of Grafana\'s managed alerts' }),
    alerts: Type.Array(Type.Unknown(), { description: 'a list of alerts' }),
  },
  { description: MESSAGE },
);

const Alert = Type.Object(
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
);

export type Webhook = Static<typeof Webhook>;

/** As senders have to write it: each alert is checked for itself. */
export const DocumentedWebhook = Type.Object(
  { ...Webhook.properties, alerts: Type.Array(Alert, { description: 'a list of alerts' }) },
  { description: MESSAGE },
);

export type ReadAlerts = {
  readonly changes: readonly AlertChange[];
  /** How many are of others, beyond the first thousand, or odd. */
  readonly ignored: number;
  /** What is wrong with the odd ones. */
  readonly problems: readonly string[];
};

const checkAlert = compile(Alert);

/** The alerts that ask for a rollback of this rollout, firing and resolved. One that is odd loses none beside it. */
export function readAlerts(message: Webhook, rollout: string): ReadAlerts {
  const problems: string[] = [];
  const changes: AlertChange[] = [];
  const received = message.alerts.slice(0, MOST_ALERTS);
  for (const [at, each] of received.entries()) {
    const read = checkAlert(each);
    if (!read.ok) {
      problems.push(...read.wrong.map((wrong) => `alerts.${at}: ${inWords(wrong, 'the alert')}`));
    } else if (read.value.labels.rollout === rollout && read.value.labels.action === 'rollback') {
      changes.push(changeOf(read.value));
    }
  }
  return { changes, ignored: message.alerts.length - changes.length, problems: problems.slice(0, MOST_PROBLEMS) };
}

function changeOf({ status, labels, annotations, startsAt, fingerprint }: Static<typeof Alert>): AlertChange {
  return {
    status,
    alert: {
      fingerprint,
      name: (labels.alertname || fingerprint).slice(0, 100),
      startsAtMs: Date.parse(startsAt),
      summary: (annotations?.summary ?? '').slice(0, 500),
    },
  };
}
