import type { Logger } from 'pino';
import { Counter, type Registry } from 'prom-client';
import type { Clock } from '../../kit/time.ts';
import type { ReadEvent } from '../../rollout/event.ts';
import { messageOf, toJson, toSlack } from './message.ts';
import { createOutbox, RESULTS, type Target } from './outbox.ts';

type NotifierParts = {
  readonly rollout: string;
  readonly flag: string;
  readonly webhookUrl: string | undefined;
  readonly slackUrl: string | undefined;
  readonly consoleUrl: string | undefined;
  readonly registry: Registry;
  readonly log: Logger;
  readonly clock: Clock;
};

/** Notifies people of what the controller records, where they asked for it. */
export function createNotifier({
  rollout,
  flag,
  webhookUrl,
  slackUrl,
  consoleUrl,
  registry,
  log,
  clock,
}: NotifierParts) {
  const counter = new Counter({
    name: 'sluice_notifications_total',
    help: 'Notifications by where they went and what became of them.',
    labelNames: ['rollout', 'target', 'result'],
    registers: [registry],
  });
  const targets: Target[] = [
    ...(webhookUrl === undefined ? [] : [{ name: 'webhook', url: webhookUrl, body: toJson } as const]),
    ...(slackUrl === undefined ? [] : [{ name: 'slack', url: slackUrl, body: toSlack } as const]),
  ];
  const outboxes = targets.map((target) => {
    for (const result of RESULTS) {
      counter.inc({ rollout, target: target.name, result }, 0);
    }
    return createOutbox({
      target,
      log,
      clock,
      count: (result) => counter.inc({ rollout, target: target.name, result }),
    });
  });
  return {
    /** Neither waits nor throws: a rollback does not depend on anybody hearing of it. */
    take: (event: ReadEvent): void => {
      const message = messageOf(event, { rollout, flag, consoleUrl });
      for (const outbox of message === undefined ? [] : outboxes) {
        outbox.take(message as NonNullable<typeof message>);
      }
    },
    close: async (): Promise<void> => {
      await Promise.all(outboxes.map((outbox) => outbox.close()));
    },
  };
}
