import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, beforeEach, test } from 'node:test';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import Type from 'typebox';
import { until } from '../../dev/until.ts';
import { createApp } from './app.ts';
import { requireToken } from './bearer.ts';
import { limitInFlight } from './middleware.ts';
import { addProbes } from './probes.ts';
import { type Access, jsonAnswer, OPEN, problemAnswer, route } from './route.ts';
import { createHttpServer } from './server.ts';

const TOKEN = 'a-token-for-tests-only';
const seen: unknown[] = [];
let refused = 0;
let isReady = true;
/** When a request is in a slow handler, and when that may answer. */
let [entered, release] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
beforeEach(() => {
  seen.length = 0;
  [entered, release] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
});

const limited = (): Access => ({
  through: [limitInFlight(1)],
  answers: { 503: problemAnswer('Too much.', { 'Retry-After': 'Seconds.' }) },
});
const guarded: Access = {
  through: [requireToken({ token: TOKEN, name: 'the key', onRefused: () => refused++ })],
  security: 'key',
  answers: { 401: problemAnswer('No key.') },
};

const Thing = Type.Object({ size: Type.Integer({ minimum: 1, maximum: 9 }) });
const routes = [
  route({
    method: 'get',
    path: '/things/{id}',
    operationId: 'readThing',
    access: OPEN,
    params: Type.Object({ id: Type.String({ pattern: '^[a-z]+$', description: 'small letters' }) }),
    query: Type.Object({
      limit: Type.Integer({ minimum: 1, maximum: 100, default: 50 }),
      as: Type.Optional(Type.Enum(['a', 'b'])),
    }),
    answers: { 200: jsonAnswer('It.', Thing) },
    handle: (ctx, { params, query }) => {
      ctx.body = { ...params, ...query };
    },
  }),
  route({
    method: 'get',
    path: '/strict',
    operationId: 'readStrictly',
    access: OPEN,
    query: Type.Object({ as: Type.Optional(Type.String()) }, { additionalProperties: false }),
    answers: { 200: jsonAnswer('It.', Thing) },
    handle: (ctx, { query }) => {
      ctx.body = query;
    },
  }),
  route({
    method: 'put',
    path: '/things',
    operationId: 'putThing',
    access: guarded,
    body: { schema: Thing, limit: '1kb' },
    answers: { 200: jsonAnswer('Done.', Thing) },
    handle: (ctx, { body }) => {
      seen.push(body);
      ctx.body = body;
    },
  }),
  route({
    method: 'get',
    path: '/counted',
    operationId: 'count',
    access: OPEN,
    answers: { 200: jsonAnswer('It.', Thing) },
    handle: (ctx) => {
      seen.push(ctx.path);
      ctx.body = {};
    },
  }),
  ...['/slow', '/other'].map((path) =>
    route({
      method: 'get',
      path,
      operationId: path.slice(1),
      access: limited(),
      answers: { 200: jsonAnswer('It.', Thing) },
      handle: async (ctx) => {
        entered.resolve();
        await release.promise;
        ctx.body = {};
      },
    }),
  ),
];

const server = createHttpServer();
let url: string;
before(async () => {
  const registry = new Registry();
  const app = createApp({
    title: 'Things',
    description: 'For tests.',
    routes,
    schemas: { Thing },
    securitySchemes: { key: { type: 'http', scheme: 'bearer' } },
    document: '/openapi.json',
    problemTypes: 'urn:test:',
    addOthers: (router) => addProbes(router, { registry, ready: () => isReady }),
    log: pino({ level: 'silent' }),
    registry,
  });
  server.handle(app.callback());
  url = `http://127.0.0.1:${await server.listen(0, '127.0.0.1')}`;
});
after(() => server.close());

async function ask(path: string, options: RequestInit = {}) {
  const answer = await fetch(url + path, options);
  const text = await answer.text();
  // biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects.
  const json = (): any => JSON.parse(text);
  return { status: answer.status, headers: answer.headers, text, json };
}

const put = (body: string, token = `Bearer ${TOKEN}`) =>
  ask('/things', { method: 'PUT', body, headers: { Authorization: token } });

test('parameters come to the handler as their schemas say, with defaults and numbers', async () => {
  assert.deepEqual((await ask('/things/abc')).json(), { id: 'abc', limit: 50 });
  assert.deepEqual((await ask('/things/abc?as=b&limit=7')).json(), { id: 'abc', as: 'b', limit: 7 });
});

test('names that a query does not know are passed over, unless its schema forbids them', async () => {
  assert.deepEqual((await ask('/things/abc?x=1&x=2&y=%ff&__proto__=1')).json(), { id: 'abc', limit: 50 });
  const strict = await ask('/strict?x=1');
  assert.equal(strict.status, 400);
  assert.deepEqual(strict.json().errors, [{ parameter: 'x', came: '1', allowed: 'only as' }]);
});

test('of a query with more mistakes than anybody makes, the first ones are reported', async () => {
  const answer = await ask(`/things/abc?${'limit&'.repeat(5_000)}`);
  assert.equal(answer.status, 400);
  assert.equal(answer.json().errors.length, 20);
});

test('a connection that sends more requests than may wait for their answers is cut, and few of them are worked on', async () => {
  const [{ port }, before] = [new URL(url), seen.length];
  const pipelined = async (requests: number) => {
    const socket = connect(Number(port), '127.0.0.1');
    let text = '';
    socket.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
    });
    socket.on('error', () => {});
    socket.write('GET /counted HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(requests));
    const isAnswered = () => text.split('HTTP/1.1 200').length > requests;
    await until('all are answered, or it is cut', () => socket.closed || isAnswered());
    socket.destroy();
  };
  await pipelined(16);
  assert.equal(seen.length - before, 16);
  await pipelined(2_000);
  assert.equal(seen.length - before, 32);
});

for (const limit of ['', '0', '101', '-1', '7.5', '1e1', '0x10', ' 7', 'ten', '1'.repeat(20)]) {
  test(`a limit of ${JSON.stringify(limit)} is refused with its value and what is allowed`, async () => {
    const answer = await ask(`/things/abc?limit=${encodeURIComponent(limit)}`);
    assert.equal(answer.status, 400);
    const { type, errors } = answer.json();
    assert.equal(type, 'urn:test:invalid-parameters');
    assert.deepEqual(errors, [{ parameter: 'limit', came: limit, allowed: 'a whole number from 1 to 100' }]);
  });
}

test('all that is wrong is named at once: in the path, repeated, and not of the listed', async () => {
  const wrong = (await ask('/things/A?as=c')).json();
  assert.deepEqual(wrong.errors, [
    { parameter: 'id', came: 'A', allowed: 'small letters' },
    { parameter: 'as', came: 'c', allowed: 'a, b' },
  ]);
  const twice = (await ask('/things/a?as=a&as=b')).json();
  assert.deepEqual(twice.errors, [{ parameter: 'as', came: 'more than once', allowed: 'a, b' }]);
});

test('a body comes to the handler only where its schema allows it', async () => {
  assert.equal((await put('{"size":3}')).status, 200);
  assert.deepEqual(seen, [{ size: 3 }]);
  for (const [body, status, detail] of [
    ['{"size":10}', 400, 'size is 10; allowed: a whole number from 1 to 9.'],
    ['{}', 400, 'the body lacks size; allowed: a whole number from 1 to 9.'],
    ['{"size"', 400, /^The body is not valid JSON/],
    [`{"size":3,"x":"${'x'.repeat(2_000)}"}`, 413, 'The body may have 1kb at most.'],
  ] as const) {
    const answer = await put(body);
    assert.equal(answer.status, status);
    assert.match(answer.headers.get('content-type') ?? '', /^application\/problem\+json/);
    const said = answer.json().detail;
    assert.ok(typeof detail === 'string' ? said === detail : detail.test(said), said);
  }
  assert.equal(seen.length, 1);
});

test('who has no token, or another one, is refused before anything is read, and counted', async () => {
  refused = 0;
  for (const [token, wrong] of [
    ['', 'none was sent'],
    [`Bearer ${TOKEN}x`, 'another one was sent'],
  ] as const) {
    const answer = await put('no JSON at all', token);
    assert.equal(answer.status, 401);
    assert.equal(answer.headers.get('www-authenticate'), 'Bearer');
    assert.equal(answer.json().detail, `This needs the key as "Authorization: Bearer …"; ${wrong}.`);
    assert.ok(!answer.text.includes(TOKEN));
  }
  assert.equal(refused, 2);
  assert.deepEqual(seen, []);
});

test('more than the limit under way are asked to come back, others are not kept out, and then there is room again', async () => {
  const first = ask('/slow');
  await entered.promise;
  const second = await ask('/slow');
  assert.deepEqual([second.status, second.headers.get('retry-after')], [503, '1']);
  const other = ask('/other');
  release.resolve();
  assert.deepEqual([(await first).status, (await other).status], [200, 200]);
  assert.equal((await ask('/slow')).status, 200);
});

test('a request that its client gave up frees its place when its handler is done', async () => {
  const leaving = new AbortController();
  const gone = ask('/slow', { signal: leaving.signal });
  await entered.promise;
  leaving.abort();
  await assert.rejects(gone);
  release.resolve();
  assert.equal((await ask('/slow')).status, 200);
});

test('the document says of each route what it takes, what it answers and who may ask', async () => {
  const { paths, components } = (await ask('/openapi.json')).json();
  assert.deepEqual(Object.keys(paths), ['/things/{id}', '/strict', '/things', '/counted', '/slow', '/other']);
  assert.deepEqual(
    paths['/things/{id}'].get.parameters.map(({ name, in: place, required }: Record<string, unknown>) => [
      name,
      place,
      required,
    ]),
    [
      ['id', 'path', true],
      ['limit', 'query', false],
      ['as', 'query', false],
    ],
  );
  const { security, requestBody, responses } = paths['/things'].put;
  assert.deepEqual(security, [{ key: [] }]);
  assert.deepEqual(requestBody.content['application/json'].schema, { $ref: '#/components/schemas/Thing' });
  assert.deepEqual(Object.keys(responses), ['200', '401']);
  assert.deepEqual(Object.keys(paths['/slow'].get.responses[503].headers), ['X-Request-Id', 'Retry-After']);
  assert.deepEqual(Object.keys(components.schemas), ['Problem', 'Thing']);
});

test('probes say whether the process lives and takes requests, and its metrics count the routes', async () => {
  assert.deepEqual([(await ask('/livez')).text, (await ask('/readyz')).status], ['ok\n', 200]);
  isReady = false;
  assert.deepEqual([(await ask('/livez')).status, (await ask('/readyz')).status], [200, 503]);
  assert.match((await ask('/metrics')).text, /http_request_duration_seconds_count\{method="GET",route="\/things\/:id"/);
});

test('what no route answers is said, with what is allowed there', async () => {
  const unknown = await ask('/nothing');
  assert.deepEqual([unknown.status, unknown.json().type], [404, 'urn:test:no-such-route']);
  const wrongMethod = await ask('/things', { method: 'POST' });
  assert.deepEqual([wrongMethod.status, wrongMethod.headers.get('allow')], [405, 'PUT']);
});
