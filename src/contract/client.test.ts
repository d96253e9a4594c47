import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { statusFixture } from '../../test/support/status-fixture.ts';
import { createApiClient } from './client.ts';
import type { ApiFailure } from './client-failure.ts';

const TOKEN = 'a-token-that-nobody-may-ever-see';
const JSON_TYPE = 'application/json; charset=utf-8';

type Answer = { readonly status?: number; readonly type?: string; readonly body: string };
let answers: Answer[] = [];
let asked: { readonly path: string | undefined; readonly authorization: string | undefined }[] = [];
/** The last one is repeated. */
const answer = (...given: Answer[]) => {
  answers = given;
  asked = [];
};

const server = createServer((request, response) => {
  asked.push({ path: request.url, authorization: request.headers.authorization });
  const { status = 200, type = JSON_TYPE, body } = (answers.length > 1 ? answers.shift() : answers[0]) as Answer;
  response.writeHead(status, { 'content-type': type }).end(body);
});
let url: URL;

before(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/sluice/`);
});
after(() => server.close());

const client = (options: Partial<Parameters<typeof createApiClient>[0]> = {}) =>
  createApiClient({ url, token: () => TOKEN, ...options });
const rollback = { command: 'rollback', actor: 'ana', reason: '' } as const;
const problem = (status: number, kind: string, detail: string) => ({
  status,
  type: 'application/problem+json',
  body: JSON.stringify({ type: `urn:sluice:problem:${kind}`, title: 'A title', status, detail }),
});

test('reads need no token, and the address may have a path', async () => {
  answer({ body: JSON.stringify(statusFixture()) });
  assert.deepEqual(await client({ token: () => assert.fail('it was asked for') }).status(), statusFixture());
  assert.deepEqual(asked, [{ path: '/sluice/api/status', authorization: undefined }]);
});

test('an answer that is not a controller’s is distinguished, with what is wrong with it', async () => {
  for (const [given, wrong] of [
    [{ type: 'text/html', body: '<html>' }, /it answered with text\/html, not with application\/json/],
    [{ body: '[]' }, /its answer is not a JSON object/],
    [{ body: '{"events":[]}' }, /its answer lacks journal/],
  ] as const) {
    answer(given);
    await assert.rejects(client().history(5), wrong);
  }
  answer({ body: '{}' });
  await assert.rejects(client().report('en', 'html'), /not with text\/html/);
});

test('a refusal is reported with its status and reason, where there is one', async () => {
  answer(problem(409, 'refused', 'nothing waits for approval'));
  await assert.rejects(
    client().command({ ...rollback, command: 'approve' }),
    /answered 409: nothing waits for approval$/,
  );
  answer({ status: 502, type: 'text/html', body: '<h1>Bad Gateway</h1>' });
  await assert.rejects(client().status(), /answered 502: "<h1>Bad Gateway<\/h1>"$/);
});

test('a change is sent again while controllers stand by, a bounded number of times, and for nothing else', async () => {
  const standsBy = problem(503, 'not-leader', 'another one leads');
  answer(standsBy, { body: JSON.stringify({ done: 'Done.', status: statusFixture() }) });
  assert.equal((await client().command(rollback)).done, 'Done.');
  assert.equal(asked.length, 2);
  answer(standsBy);
  await assert.rejects(client({ leaderAttempts: 2 }).command(rollback), /another one leads/);
  assert.equal(asked.length, 2);
  answer(problem(503, 'unavailable', 'the journal is unreachable'));
  await assert.rejects(client().command(rollback), /the journal is unreachable/);
  assert.equal(asked.length, 1);
});

test('a change without a token is not sent', async () => {
  answer({ body: '{}' });
  await assert.rejects(client({ token: () => undefined }).command(rollback), /none was given/);
  assert.equal(asked.length, 0);
});

test('no failure has the token, though the answer repeats it', async () => {
  const failures: ApiFailure[] = [];
  const errorOf = (failure: ApiFailure) => {
    failures.push(failure);
    return new Error(failure.kind);
  };
  for (const given of [problem(401, 'unauthorized', `not ${TOKEN}`), { body: `{"token":"${TOKEN}"}` }]) {
    answer(given);
    await assert.rejects(client({ errorOf }).command(rollback));
    assert.equal(asked[0]?.authorization, `Bearer ${TOKEN}`);
  }
  assert.deepEqual(
    failures.map(({ kind }) => kind),
    ['refused', 'foreign'],
  );
  assert.ok(!JSON.stringify(failures).includes(TOKEN));
  assert.match(JSON.stringify(failures), /not •••/);
});

test('an answer that does not come in time, and a call that is ended, are reported as what they are', async () => {
  const silent = createServer(() => {});
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const there = new URL(`http://127.0.0.1:${(silent.address() as AddressInfo).port}/`);
  await assert.rejects(client({ url: there, timeoutMs: 30 }).status(), /was not reached: no answer within 30 ms\.$/);
  await assert.rejects(client({ url: there, signal: AbortSignal.abort() }).status(), /the request was ended\.$/);
  silent.close();
});
