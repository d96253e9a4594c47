import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FaultWindow } from '../inject/fault-log.ts';
import { MISSING_ID, type Outcome, type Sent } from '../load/write.ts';
import { checkAnswers } from './answers.ts';

const answer = (status: number, more: object = {}): Outcome => ({
  kind: 'answered',
  status,
  path: 'legacy',
  decision: 'rollout',
  retryAfter: status === 503 ? '1' : undefined,
  contentType: status === 200 ? 'application/json' : 'application/problem+json; charset=utf-8',
  requestId: 'a',
  body: status === 200 ? '{"ok":true,"violation_id":7,"status":"confirmed"}' : JSON.stringify({ status }),
  ...more,
});
const sent = (outcome: Outcome, more: Partial<Sent> = {}): Sent => ({
  requestId: 'a',
  violationId: '7',
  status: 'confirmed',
  notes: undefined,
  handledBy: undefined,
  force: undefined,
  replica: 'replica-1',
  fromMs: 1_000,
  untilMs: 1_100,
  outcome,
  ...more,
});
const window = (more: Partial<FaultWindow> = {}): FaultWindow => ({
  kind: 'cut-all',
  mayRefuse: true,
  fromMs: 1_050,
  untilMs: 1_060,
  ...more,
});
const wrong = (write: Sent, windows: readonly FaultWindow[] = [], killed?: number) =>
  checkAnswers({ sent: [write], windows, killedAtMs: () => killed }).join('\n');

test('silent about 200, about 404 for the record that is not there, and about a clean 503 in a fault that may refuse', () => {
  assert.equal(wrong(sent(answer(200))), '');
  assert.equal(wrong(sent(answer(404), { violationId: MISSING_ID })), '');
  assert.equal(wrong(sent(answer(503)), [window()]), '');
  assert.equal(wrong(sent(answer(503)), [window({ fromMs: 700, untilMs: 800 })]), '', 'right after it, too');
});

test('a 503 while nothing was wrong, or only something that must not be felt', () => {
  const refused = /answered 503 while nothing was wrong/;
  assert.match(wrong(sent(answer(503))), refused);
  assert.match(wrong(sent(answer(503)), [window({ mayRefuse: false })]), refused);
  assert.match(wrong(sent(answer(503)), [window({ fromMs: 100, untilMs: 200 })]), refused);
  assert.match(wrong(sent(answer(503)), [window({ fromMs: 1_101, untilMs: 1_200 })]), refused);
});

test('a 503 that is not clean, and every other failure, whatever goes on', () => {
  assert.match(
    wrong(sent(answer(503, { retryAfter: undefined })), [window()]),
    /without problem details or Retry-After/,
  );
  assert.match(wrong(sent(answer(503, { contentType: 'text/plain' })), [window()]), /without problem details/);
  assert.match(wrong(sent(answer(503, { body: 'no' })), [window()]), /without problem details/);
  assert.match(wrong(sent(answer(500)), [window()]), /answered 500/);
  assert.match(wrong(sent(answer(502)), [window()]), /answered 502/);
  assert.match(wrong(sent(answer(400)), [window()]), /answered 400/);
});

test('a 404 for a record that is there', () => {
  assert.match(wrong(sent(answer(404))), /answered 404 for record 7/);
});

test('an answer that is another request’s, or says another thing', () => {
  assert.match(wrong(sent(answer(200, { requestId: 'b' }))), /answered as b/);
  assert.match(wrong(sent(answer(200), { status: 'resolved' })), /answered 200 with/);
});

test('a stack trace, or words of the database', () => {
  const body = JSON.stringify({ status: 503, detail: 'Error: x\n    at run (file:///service.ts:1:1)' });
  assert.match(wrong(sent(answer(503, { body })), [window()]), /shown internals/);
  const ours = JSON.stringify({ status: 503, detail: 'duplicate key value violates unique constraint' });
  assert.match(wrong(sent(answer(503, { body: ours })), [window()]), /shown internals/);
});

test('a lost connection is allowed by a kill of that replica only, and silence by nothing', () => {
  const dropped = sent({ kind: 'dropped', why: 'ECONNRESET' });
  assert.match(wrong(dropped, [window()]), /lost its connection/);
  assert.equal(wrong(dropped, [], 1_050), '');
  assert.equal(wrong(dropped, [], 900), '');
  assert.match(wrong(dropped, [], 1_200), /lost its connection/);
  assert.match(wrong(sent({ kind: 'silent', afterMs: 16_000 }), [window()], 900), /no answer/);
});
