import { rollbacksAskedBy, Webhook } from '../../src/controller/signals/alerts.ts';
import { compile } from '../../src/kit/schema.ts';
import { inWords } from '../../src/kit/schema-errors.ts';

const check = compile(Webhook);

/** What the webhook makes of a body of whatever shape. */
export function readAlerts(body: unknown, rollout: string) {
  const checked = check(body);
  return checked.ok
    ? { kind: 'alerts' as const, ...rollbacksAskedBy(checked.value, rollout) }
    : { kind: 'invalid' as const, problems: checked.wrong.map((wrong) => inWords(wrong, 'the message')) };
}
