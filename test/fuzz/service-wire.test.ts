import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { assertProblem, onlyAnswer } from './support/answers.ts';
import type { Operation } from './support/document.ts';
import { bytesOf, exchange } from './support/raw-http.ts';
import { HEADERS, type RawRequest } from './support/request.ts';
import { requestsTo } from './support/requests.ts';
import { fuzzed } from './support/runs.ts';
import { startFuzzedService } from './support/service.ts';

const BODY_LIMIT_BYTES = 64 * 1024;

const service = await startFuzzedService();
after(() => service[Symbol.asyncDispose]());

test('a body over the limit is refused, or its connection closed, before or after one write at most', async () => {
  const size = fc.integer({ min: BODY_LIMIT_BYTES - 2, max: BODY_LIMIT_BYTES + 3_000 });
  await fc.assert(
    fc.asyncProperty(size, fc.boolean(), async (bytes, chunked) => {
      const counted = await service.changes();
      const target = '/api/v1/records/violations/2/status?status=done';
      const sent = { method: 'PUT', target, headers: HEADERS, body: Buffer.alloc(bytes, 'x'), chunked };
      const taken = await exchange(service.port, bytesOf(sent));
      if (bytes <= BODY_LIMIT_BYTES || !chunked) {
        assert.equal(onlyAnswer(taken).status, bytes <= BODY_LIMIT_BYTES ? 400 : 413);
      } else {
        assert.ok(taken.ended === 'closed' || onlyAnswer(taken).status === 400);
      }
      assert.equal(await service.changes(), counted);
    }),
    fuzzed(20),
  );
  await service.stillWorks();
});

test('bytes that are hardly HTTP get problem details or a closed connection, and never write', async () => {
  const counted = await service.changes();
  // No edit of a few bytes makes one of the statuses of this.
  const target = '/api/v1/records/violations/3/status?status=no-such-status-at-all';
  const base = bytesOf({
    method: 'PUT',
    target,
    headers: [
      ['Host', 'x'],
      ['Connection', 'close'],
      ['X-Request-Id', 'fuzz'],
    ],
    body: Buffer.from('{}'),
    chunked: false,
  });
  const edit = fc.record({
    at: fc.nat(base.length),
    removed: fc.nat(6),
    put: fc.oneof(
      fc.uint8Array({ maxLength: 6 }).map((bytes) => Buffer.from(bytes)),
      fc
        .constantFrom(
          '\r\n',
          '\r\n\r\n',
          '\n',
          '\0',
          ' ',
          ':',
          'Expect: x\r\n',
          'Transfer-Encoding: chunked\r\n',
          'Content-Length: 9\r\n',
          'Content-Length: -1\r\n',
          'Upgrade: x\r\n',
          'HTTP/2.0',
          'CONNECT ',
          `X: ${'x'.repeat(40_000)}\r\n`,
        )
        .map((text) => Buffer.from(text, 'latin1')),
    ),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 3 }), async (edits) => {
      const bytes = edits.reduce(
        (all, { at, removed, put }) => Buffer.concat([all.subarray(0, at), put, all.subarray(at + removed)]),
        base,
      );
      // Half a request waits for its other half: what ends it makes it a whole one, or none.
      const { answers } = await exchange(service.port, Buffer.concat([bytes, Buffer.from('\r\n\r\n')]), {
        withinMs: 150,
      });
      for (const answer of answers) {
        assert.ok([400, 404, 405, 408, 413, 417, 431].includes(answer.status), String(answer.status));
        assert.equal(assertProblem(answer).request_id, answer.headers['x-request-id']);
        assert.notEqual(answer.headers['x-request-id'], undefined);
      }
    }),
    fuzzed(100),
  );
  await service.stillWorks();
  assert.equal(await service.changes(), counted + 1, 'only what has shown that it still works');
});

test('two requests on one connection get two answers in their order, whatever the first one carries', async () => {
  const update = service.operations.find(({ method }) => method === 'PUT') as Operation;
  await fc.assert(
    fc.asyncProperty(requestsTo(update), fc.boolean(), async (first, chunked) => {
      const named = (id: string, close: boolean): RawRequest['headers'] => [
        ['Host', 'x'],
        ['X-Request-Id', id],
        ...(close ? [['Connection', 'close'] as const] : []),
      ];
      const second: RawRequest = {
        method: 'GET',
        target: '/openapi.json',
        headers: named('second', true),
        body: undefined,
        chunked: false,
      };
      const bytes = [bytesOf({ ...first, headers: named('first', false), chunked }), bytesOf(second)];
      const { answers } = await exchange(service.port, Buffer.concat(bytes), { answers: 2 });
      assert.deepEqual(
        answers.map(({ headers }) => headers['x-request-id']),
        ['first', 'second'],
      );
      assert.equal(answers[1]?.status, 200);
    }),
    fuzzed(60),
  );
});
