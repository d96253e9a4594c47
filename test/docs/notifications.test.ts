import assert from 'node:assert/strict';
import { test } from 'node:test';
import { messageOf, toJson, toSlack } from '../../src/controller/notifications/message.ts';
import { type EventBody, type ReadEvent, severityOf } from '../../src/rollout/event.ts';
import { DETAILS } from '../../src/rollout/event-schema.ts';
import { inCode, read, table } from './pages.ts';

const PAGE = 'docs/notifications.md';
/** What makes a fact bad news. */
const FOUND = { failed: 1, findings: 1 };

test('the page has every kind of event, with its severity', () => {
  const documented = table(PAGE, 'event kinds').flatMap(([kinds = '', , severity]) =>
    inCode(kinds).map((kind) => [kind, severity] as const),
  );
  // `other` is what an older or newer version wrote.
  const known = Object.keys(DETAILS)
    .filter((kind) => kind !== 'other')
    .map((kind) => [kind, severityOf({ kind, details: FOUND } as EventBody) ?? '–'] as const);
  assert.deepEqual(new Map(documented), new Map(known));
});

test('its examples are what is sent', () => {
  const example = JSON.parse(block('JSON'));
  const { id: eventId, at, rollout, flag, ...said } = example.event;
  const event = { eventId, atMs: Date.parse(at), ...said } as ReadEvent;
  const message = messageOf(event, { rollout, flag, consoleUrl: 'https://sluice.example' });
  assert.ok(message !== undefined);
  assert.deepEqual(JSON.parse(toJson(message)), example);
  assert.equal(JSON.parse(toSlack(message)).text.replace(eventId, '…'), block('Slack'));
});

/** The first block of code under this heading. */
const block = (heading: string): string =>
  /^```\w*\n(.*?)\n```$/ms.exec(read(PAGE).split(`\n## ${heading}\n`)[1] ?? '')?.[1] ?? '';
