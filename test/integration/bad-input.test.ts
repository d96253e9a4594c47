import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, describe, test } from 'node:test';
import { send } from '../support/http.ts';
import { fixedAt, startSystem } from '../support/system/system.ts';

const system = await startSystem({ env: fixedAt(0) });
const { database, service } = system;
const strict = await system.startReplica({ FORCE_DOMAIN: 'deny', FAULT_INJECTION: 'deny' });
after(async () => {
  const [{ count } = { count: '' }] = await database.query<{ count: string }>(
    'SELECT count(*) FROM violation_status_history',
  );
  await system[Symbol.asyncDispose]();
  assert.equal(count, '0', 'nothing in this file may write');
});

const STATUSES = 'pending, confirmed, false_positive, resolved';
const ID = 'a whole number from 1 to 9223372036854775807, in digits';
const KNOWN = 'only status, notes, handled_by, force_domain';
const NOTES = 'a text of up to 2,000 characters, none of them NUL';
const HANDLED_BY = 'a text of up to 100 characters, none of them NUL';

const wrong: { what: string; id?: string; query: string; parameter: string; came: string | null; allowed: string }[] = [
  { what: 'no status', query: '', parameter: 'status', came: null, allowed: STATUSES },
  { what: 'an empty status', query: 'status=', parameter: 'status', came: '', allowed: STATUSES },
  { what: 'an unknown status', query: 'status=done', parameter: 'status', came: 'done', allowed: STATUSES },
  {
    what: 'a status in another case',
    query: 'status=Confirmed',
    parameter: 'status',
    came: 'Confirmed',
    allowed: STATUSES,
  },
  { what: 'an id of 0', id: '0', query: 'status=confirmed', parameter: 'violation_id', came: '0', allowed: ID },
  { what: 'a negative id', id: '-1', query: 'status=confirmed', parameter: 'violation_id', came: '-1', allowed: ID },
  {
    what: 'an id with a fraction',
    id: '1.5',
    query: 'status=confirmed',
    parameter: 'violation_id',
    came: '1.5',
    allowed: ID,
  },
  { what: 'an id in words', id: 'abc', query: 'status=confirmed', parameter: 'violation_id', came: 'abc', allowed: ID },
  {
    what: 'an id with leading zeros',
    id: '042',
    query: 'status=confirmed',
    parameter: 'violation_id',
    came: '042',
    allowed: ID,
  },
  {
    what: 'an id in hexadecimal',
    id: '0x10',
    query: 'status=confirmed',
    parameter: 'violation_id',
    came: '0x10',
    allowed: ID,
  },
  {
    what: 'an id of 2^63',
    id: '9223372036854775808',
    query: 'status=confirmed',
    parameter: 'violation_id',
    came: '9223372036854775808',
    allowed: ID,
  },
  {
    what: 'an id of 10^19',
    id: '10000000000000000000',
    query: 'status=confirmed',
    parameter: 'violation_id',
    came: '10000000000000000000',
    allowed: ID,
  },
  {
    what: 'an id with NUL',
    id: '1%00',
    query: 'status=confirmed',
    parameter: 'violation_id',
    came: '1\u0000',
    allowed: ID,
  },
  {
    what: 'notes of 2,001 characters',
    query: `status=confirmed&notes=${'x'.repeat(2_001)}`,
    parameter: 'notes',
    came: `${'x'.repeat(60)}… (2001 characters)`,
    allowed: NOTES,
  },
  { what: 'NUL in notes', query: 'status=confirmed&notes=a%00b', parameter: 'notes', came: 'a\u0000b', allowed: NOTES },
  {
    what: 'handled_by of 101 characters',
    query: `status=confirmed&handled_by=${'x'.repeat(101)}`,
    parameter: 'handled_by',
    came: `${'x'.repeat(60)}… (101 characters)`,
    allowed: HANDLED_BY,
  },
  {
    what: 'NUL in handled_by',
    query: 'status=confirmed&handled_by=%00',
    parameter: 'handled_by',
    came: '\u0000',
    allowed: HANDLED_BY,
  },
  {
    what: 'a repeated parameter',
    query: 'status=confirmed&status=resolved',
    parameter: 'status',
    came: 'more than once',
    allowed: STATUSES,
  },
  { what: 'an unknown parameter', query: 'status=confirmed&note=x', parameter: 'note', came: 'x', allowed: KNOWN },
  {
    what: 'a parameter named like a built-in',
    query: 'status=confirmed&__proto__=x',
    parameter: '__proto__',
    came: 'x',
    allowed: KNOWN,
  },
  {
    what: 'bytes that are not UTF-8',
    query: 'status=confirmed&notes=%ff',
    parameter: 'notes',
    came: '%ff',
    allowed: 'percent-encoded UTF-8',
  },
  {
    what: 'force_domain=maybe',
    query: 'status=confirmed&force_domain=maybe',
    parameter: 'force_domain',
    came: 'maybe',
    allowed: 'true, false',
  },
];

describe('answers 400, naming the parameter, what came and what is allowed, for', () => {
  for (const { what, id = '1', query, parameter, came, allowed } of wrong) {
    test(what, async () => {
      const answer = await service.update(id, query);
      assert.equal(answer.status, 400);
      assert.match(String(answer.headers['content-type']), /^application\/problem\+json/);
      assert.deepEqual(answer.json.errors, [{ parameter, came, allowed }]);
      assert.equal(answer.json.status, 400);
      assert.equal(answer.json.request_id, answer.headers['x-request-id']);
      assert.ok(answer.json.detail.includes(parameter));
    });
  }
});

test('names every wrong parameter at once', async () => {
  const { json } = await service.update('x', 'status=done&handled_by=%00&color=red');
  assert.deepEqual(json.errors.map((error: { parameter: string }) => error.parameter).sort(), [
    'color',
    'handled_by',
    'status',
    'violation_id',
  ]);
});

test('answers 403 for force_domain where the deployment forbids it', async () => {
  for (const force of ['true', 'false']) {
    const answer = await strict.update(1, `status=confirmed&force_domain=${force}`);
    assert.equal(answer.status, 403);
    assert.match(answer.json.detail, /FORCE_DOMAIN=allow/);
  }
});

test('has no fault switch where fault injection is denied', async () => {
  await assert.rejects(strict.setFaults({ domain: { errorPercent: 100 } }), { actual: 404 });
});

test('refuses malformed faults and keeps those that were set', async () => {
  for (const body of [
    '{',
    '[]',
    '{"domian":{}}',
    '{"domain":{"delayMs":-1}}',
    '{"domain":{"errorPercent":101}}',
    '"x"',
  ]) {
    const answer = await send({
      method: 'PUT',
      port: service.adminPort,
      path: '/faults',
      body,
      headers: { 'Content-Type': 'application/json' },
    });
    assert.equal(answer.status, 400, body);
  }
});

test('answers 404 and 405 as problem details, with what is allowed', async () => {
  const unknown = await service.get('/nothing/here');
  assert.equal(unknown.status, 404);
  assert.equal(unknown.json.type, 'urn:sluice:problem:no-such-route');
  const wrongMethod = await send({
    method: 'POST',
    port: service.port,
    path: '/api/v1/records/violations/1/status?status=confirmed',
  });
  assert.equal(wrongMethod.status, 405);
  assert.equal(wrongMethod.headers.allow, 'PUT');
  assert.match(String(wrongMethod.headers['content-type']), /^application\/problem\+json/);
});

test('refuses a large body without reading it, and closes the connection', async () => {
  const answer = await service.update(1, 'status=done', { body: 'x'.repeat(70_000) });
  assert.equal(answer.status, 413);
  assert.equal(answer.headers.connection, 'close');
});

test('cuts a client that streams without end', async () => {
  const socket = connect(service.port, '127.0.0.1');
  socket.on('error', () => {});
  socket.write(
    'PUT /api/v1/records/violations/1/status?status=done HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n',
  );
  const chunk = `2000\r\n${'x'.repeat(0x2000)}\r\n`;
  const closed = new Promise((resolve) => socket.once('close', resolve));
  const timer = setInterval(() => socket.write(chunk), 1);
  socket.resume();
  await closed;
  clearInterval(timer);
});

test('answers a head that is too large with 431', async () => {
  const answer = await service.get('/openapi.json', { headers: { 'X-Large': 'x'.repeat(40_000) } });
  assert.equal(answer.status, 431);
});

test('takes a usable X-Request-Id as it is, and makes one in place of any other', async () => {
  const usable = await service.get('/openapi.json', { headers: { 'X-Request-Id': 'order-17:retry=2' } });
  assert.equal(usable.headers['x-request-id'], 'order-17:retry=2');
  for (const given of ['a b', '"}{', 'x'.repeat(129)]) {
    const answer = await service.get('/openapi.json', { headers: { 'X-Request-Id': given } });
    assert.match(String(answer.headers['x-request-id']), /^[0-9a-f-]{36}$/);
  }
});

test('describes itself with the schemas that validate', async () => {
  const { json } = await service.get('/openapi.json');
  assert.equal(json.openapi, '3.1.0');
  const { put } = json.paths['/api/v1/records/violations/{violation_id}/status'];
  const named = Object.fromEntries(put.parameters.map((parameter: { name: string }) => [parameter.name, parameter]));
  assert.deepEqual(Object.keys(named), ['violation_id', 'status', 'notes', 'handled_by', 'force_domain']);
  assert.deepEqual(named.status.schema.enum, ['pending', 'confirmed', 'false_positive', 'resolved']);
  assert.equal(named.notes.schema.maxLength, 2_000);
  assert.deepEqual(Object.keys(put.responses), ['200', '400', '403', '404', '413', '503']);
});

test('logs one line for each request, without what people wrote', async () => {
  const before = service.logLines().length;
  await service.update(999_999, 'status=confirmed&notes=secret-note&handled_by=secret-name', {
    headers: { 'X-Request-Id': 'logged' },
  });
  const lines = service.logLines().slice(before);
  assert.equal(lines.length, 1);
  const line = JSON.parse(lines[0] as string);
  assert.equal(line.request_id, 'logged');
  assert.equal(line.route, '/api/v1/records/violations/:violation_id/status');
  assert.deepEqual(
    [line.method, line.status, line.path, line.decision, line.violation_id],
    ['PUT', 404, 'legacy', 'rollout', '999999'],
  );
  assert.doesNotMatch(lines.join(), /secret/);
});

test('never shows a stack trace, in an answer or in a line of its log', () => {
  assert.doesNotMatch(service.logLines().join(), /\n\s+at |"stack"/);
});
