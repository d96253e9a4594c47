import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { readTarget } from './support/accepted.ts';
import { onlyAnswer } from './support/answers.ts';
import { type Operation, whyUndescribed } from './support/document.ts';
import { bytesOf, exchange } from './support/raw-http.ts';
import { HEADERS, type RawRequest } from './support/request.ts';
import { requestsTo } from './support/requests.ts';
import { fuzzed } from './support/runs.ts';
import { startFuzzedService } from './support/service.ts';

const EXISTING = 1_000n;

const service = await startFuzzedService();
after(() => service[Symbol.asyncDispose]());

/** Instead of the operation, so that a failure can be read. */
type Name = string;
const nameOf = ({ method, path }: Operation): Name => `${method} ${path}`;

/** The status that the document and the data together leave open. */
function expected({ method }: Operation, said: Readonly<Record<string, string>> | undefined): number {
  if (said === undefined) {
    return 400;
  }
  if (method === 'PUT' && said.force_domain !== undefined) {
    return 403;
  }
  return BigInt(said.violation_id as string) <= EXISTING ? 200 : 404;
}

test('each request is answered as the document says, and only a 200 to a write changes the data, once', async () => {
  let counted = await service.changes();
  let written = 0;
  const existing = fc.option(fc.integer({ min: 1, max: Number(EXISTING) }), { nil: undefined, freq: 3 });
  const request = fc.oneof(
    ...service.operations.map((operation) =>
      fc
        .tuple(requestsTo(operation), existing)
        .map(([each, id]): [Name, RawRequest] => [
          nameOf(operation),
          id === undefined ? each : { ...each, target: each.target.replace(/(violations\/)[^/?]+/, `$1${id}`) },
        ]),
    ),
  );
  await fc.assert(
    fc.asyncProperty(request, async ([name, request]) => {
      const operation = service.operations.find((each) => nameOf(each) === name) as Operation;
      const answer = onlyAnswer(await exchange(service.port, bytesOf(request)));
      assert.equal(whyUndescribed(operation, answer), undefined);
      const isWrite = operation.method === 'PUT';
      // A read has no query: what is in one is passed over.
      const target = isWrite ? request.target : (request.target.split('?')[0] as string);
      const said = readTarget(operation, { ...request, target });
      assert.equal(answer.status, expected(operation, said), answer.text);
      const before = counted;
      counted = await service.changes();
      assert.equal(counted - before, isWrite && answer.status === 200 ? 1 : 0);
      if (counted > before && said !== undefined) {
        written += 1;
        const [row] = await service.query('SELECT status, notes, handled_by FROM violations WHERE id = $1', [
          said.violation_id,
        ]);
        assert.equal(row?.status, said.status);
        assert.ok(said.notes === undefined || row?.notes === said.notes);
        assert.ok(said.handled_by === undefined || row?.handled_by === said.handled_by);
      }
    }),
    fuzzed(250),
  );
  assert.ok(written > 0, 'no request was a right one');
  await service.stillWorks();
});

test('methods and routes that the document does not name are 404 or 405, and change nothing', async () => {
  const counted = await service.changes();
  const method = fc.constantFrom(
    'GET',
    'HEAD',
    'PUT',
    'POST',
    'PATCH',
    'DELETE',
    'OPTIONS',
    'PROPFIND',
    'TRACE',
    'M-SEARCH',
    'PURGE',
  );
  const path = fc.oneof(
    fc.constantFrom(
      '/',
      '//',
      '/api',
      '/metrics',
      '/faults',
      '/livez',
      '/api/v1/records/violations',
      '/api/v1/records/violations//status',
      '/..%2f..%2fetc/passwd',
      '/api/v1/records/violations/1/status/..',
      '/openapi.json/x',
      '*',
    ),
    fc.webPath().map((each) => `/x${each}`),
    fc.constantFrom(...service.operations.map((each) => each.path.replaceAll(/\{\w+\}/g, '1'))),
  );
  const isNamed = (method: string, path: string) =>
    service.operations.some(
      (each) =>
        each.path.replaceAll(/\{\w+\}/g, '1') === path &&
        (each.method === method || (each.method === 'GET' && method === 'HEAD')),
    );
  await fc.assert(
    fc.asyncProperty(method, path, async (method, path) => {
      fc.pre(!isNamed(method, path));
      const request = { method, target: `${path}?status=resolved`, headers: HEADERS, body: undefined, chunked: false };
      const { answers, ended } = await exchange(service.port, bytesOf(request), { bodiless: method === 'HEAD' });
      assert.equal(ended, 'answered');
      const answer = answers[0] as (typeof answers)[number];
      assert.ok(answer.status === 404 || answer.status === 405, String(answer.status));
      assert.equal(answer.status === 405, answer.headers.allow !== undefined);
      if (method !== 'HEAD') {
        onlyAnswer({ answers, ended });
      }
    }),
    fuzzed(100),
  );
  assert.equal(await service.changes(), counted);
  await service.stillWorks();
});
