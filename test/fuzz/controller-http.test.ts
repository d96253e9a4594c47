import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import fc, { type Arbitrary } from 'fast-check';
import { TOKEN } from '../support/system/controller.ts';
import { onlyAnswer } from './support/answers.ts';
import { assertNothingPolluted } from './support/bounds.ts';
import { startFuzzedController, WITH_TOKEN } from './support/controller.ts';
import { type Operation, whyInvalid, whyUndescribed } from './support/document.ts';
import { bytesOf, exchange } from './support/raw-http.ts';
import { HEADERS, type RawRequest } from './support/request.ts';
import { requestsTo } from './support/requests.ts';
import { fuzzed } from './support/runs.ts';
import { hostileJson, hostileText, valuesOf } from './support/values.ts';

const controller = await startFuzzedController();
after(async () => {
  await controller[Symbol.asyncDispose]();
  assertNothingPolluted();
});

const at = (path: string) => controller.operations.find((each) => each.path === path) as Operation;
const changing = () => controller.operations.filter(({ needsToken }) => needsToken);
const bodyOf = ({ body }: Operation): Arbitrary<unknown> => (body === undefined ? hostileJson : valuesOf(body));
/** One of the changes with what `make` gives for it; by its path, so that a failure can be read. */
const oneOf = <T>(operations: readonly Operation[], make: (operation: Operation) => Arbitrary<T>) =>
  fc.oneof(...operations.map((operation) => fc.tuple(fc.constant(operation.path), make(operation))));

async function unchanged(work: () => Promise<void>): Promise<void> {
  const [state, noted] = [await controller.state(), await controller.noted()];
  await work();
  assert.deepEqual(await controller.state(), state);
  assert.equal(await controller.noted(), noted);
}

async function stillWorks(): Promise<void> {
  const done = await controller.post('/api/commands', '{"command":"rollback","actor":"fuzz","reason":"the end"}');
  assert.ok(done.status === 200 || done.status === 409, done.text);
  assert.equal((await controller.status()).wanted, 0);
}

test('reads are answered as the document says, right or wrong parameters, and change nothing', () =>
  unchanged(async () => {
    const reads = controller.operations.filter(({ method, path }) => method === 'GET' && path !== '/api/stream');
    await fc.assert(
      fc.asyncProperty(oneOf(reads, requestsTo), async ([path, request]) => {
        assert.equal(whyUndescribed(at(path), await controller.ask(request)), undefined);
      }),
      fuzzed(150),
    );
  }));

test('the stream has the status that the document describes', async () => {
  const request = { method: 'GET', target: '/api/stream', headers: HEADERS, body: undefined, chunked: false };
  const answer = onlyAnswer(await exchange(controller.port, bytesOf(request), { untilBodyHas: '\n\n' }));
  assert.equal(whyUndescribed(at('/api/stream'), answer), undefined);
  const [, data] = /event: status\ndata: (.*)\n/.exec(answer.text) as unknown as [string, string];
  const schema = at('/api/status').responses[200]?.content?.['application/json']?.schema;
  assert.ok(schema !== undefined);
  assert.equal(whyInvalid(schema, JSON.parse(data)), undefined);
});

const wrongTokens = fc.oneof(
  fc.constantFrom(
    '',
    'Bearer',
    'Bearer ',
    `bearer ${TOKEN}`,
    `Bearer  ${TOKEN}`,
    `Basic ${TOKEN}`,
    TOKEN,
    `Bearer ${TOKEN}x`,
    `Bearer ${TOKEN.slice(0, -1)}`,
    `Bearer ${TOKEN.toUpperCase()}`,
    `Bearer ${TOKEN}, Bearer ${TOKEN}`,
  ),
  hostileText.filter((text) => /^[\x21-\x7e]*$/.test(text)).map((text) => `Bearer ${text}`),
);

test('nothing changes without the right token, whatever else is right', () =>
  unchanged(async () => {
    const request = oneOf(changing(), (operation) => fc.tuple(bodyOf(operation), fc.option(wrongTokens)));
    await fc.assert(
      fc.asyncProperty(request, async ([path, [body, token]]) => {
        const headers: RawRequest['headers'] = token === null ? [] : [['Authorization', token]];
        const answer = await controller.post(path, JSON.stringify(body), headers);
        assert.equal(answer.status, 401);
        assert.equal(answer.headers['www-authenticate'], 'Bearer');
        assert.equal(whyUndescribed(at(path), answer), undefined);
      }),
      fuzzed(100),
    );
  }));

const broken = fc.oneof(
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  fc
    .constantFrom(
      '',
      '{',
      '[',
      '"',
      'null',
      '{"a":1}x',
      '{"__proto__":{"polluted":1}}',
      '\ufeff{}',
      '{\u0000}',
      "{'a':1}",
    )
    .map((text) => Buffer.from(text)),
  fc.integer({ min: 1_050_000, max: 1_100_000 }).map((length) => Buffer.alloc(length, ' ')),
);

/** A right body in which one key, its own or another one, has a hostile value. */
const nearly = (operation: Operation) =>
  fc.tuple(bodyOf(operation), hostileText, fc.nat(), hostileJson).map(([body, other, pick, value]) => {
    const right = typeof body === 'object' && body !== null ? body : {};
    const names = [other, ...Object.keys(right)];
    const name = names[pick % names.length] as string;
    return Buffer.from(JSON.stringify(Object.defineProperty({ ...right }, name, { value, enumerable: true })));
  });

test('a body that the document does not allow is 400 or 413, and changes nothing', async () => {
  await unchanged(async () => {
    const anything = hostileJson.map((value) => Buffer.from(JSON.stringify(value)));
    const request = oneOf(changing(), (operation) =>
      fc.tuple(fc.oneof(anything, nearly(operation), broken), fc.boolean()),
    );
    await fc.assert(
      fc.asyncProperty(request, async ([path, [body, chunked]]) => {
        fc.pre(!isAllowed(at(path).body, body));
        const answer = await controller.post(path, body, WITH_TOKEN, chunked);
        assert.ok(answer.status === 400 || answer.status === 413, `${answer.status}: ${answer.text}`);
        assert.equal(whyUndescribed(at(path), answer), undefined);
      }),
      fuzzed(150),
    );
  });
  await stillWorks();
});

test('a body that the document allows is done, or refused for what the rollout is at', async () => {
  // PostgreSQL stores no NUL: texts with it have a test of their own. So has Alertmanager's message.
  const kept = (value: unknown) => !JSON.stringify(value).includes('\\u0000');
  const ours = changing().filter(({ path, body }) => body !== undefined && path !== '/api/alerts');
  let done = 0;
  await fc.assert(
    fc.asyncProperty(
      oneOf(ours, (operation) => bodyOf(operation).filter(kept)),
      async ([path, body]) => {
        const before = await controller.state();
        const answer = await controller.post(path, JSON.stringify(body));
        const { command, to } = body as { readonly command?: string; readonly to?: number };
        // What a schema does not say: only a rollback has somewhere to go.
        assert.ok(
          (to !== undefined && command !== 'rollback' ? [400] : [200, 409]).includes(answer.status),
          answer.text,
        );
        assert.equal(whyUndescribed(at(path), answer), undefined);
        if (answer.status === 200) {
          done += 1;
        } else {
          assert.deepEqual(await controller.state(), before);
        }
      },
    ),
    fuzzed(60),
  );
  assert.ok(done > 0, 'nothing was done');
  await controller.untilKept();
  await stillWorks();
});

function isAllowed(schema: Operation['body'], body: Buffer): boolean {
  try {
    return schema !== undefined && whyInvalid(schema, JSON.parse(body.toString('utf8'))) === undefined;
  } catch {
    return false;
  }
}
