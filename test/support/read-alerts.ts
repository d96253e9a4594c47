import { readAlerts as readMessage, Webhook } from '../../src/controller/signals/alerts.ts';
import { compile } from '../../src/kit/schema.ts';
import { inWords } from '../../src/kit/schema-errors.ts';

const check = compile(Webhook);

/** What the webhook makes of a body of whatever shape. */
export function readAlerts(body: unknown, rollout: string) {
  const checked = check(body);
  if (!checked.ok) {
    return { kind: 'invalid' as const, problems: checked.wrong.map((wrong) => inWords(wrong, 'the message')) };
  }
  const read = readMessage(checked.value, rollout);
  return read.changes.length === 0 && read.problems.length > 0
    ? { kind: 'invalid' as const, problems: read.problems }
    : { kind: 'alerts' as const, ...read };
}
