import fc, { type Arbitrary } from 'fast-check';
import type { Operation, Parameter } from './document.ts';
import type { RawRequest } from './request.ts';
import { hostileText, valuesOf } from './values.ts';

type Pair = readonly [name: string, value: string];

const everyByte = (text: string) =>
  Array.from(Buffer.from(text), (byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
const encoded = (text: Arbitrary<string>): Arbitrary<string> =>
  fc
    .tuple(
      text.filter((each) => each.isWellFormed()),
      fc.integer({ min: 0, max: 9 }),
    )
    .map(([each, how]) =>
      // Every byte of a long text in three would be more than a head may have.
      how === 0 && each.length < 500
        ? everyByte(each)
        : how < 3
          ? encodeURIComponent(each).replaceAll('%20', '+')
          : encodeURIComponent(each),
    );

/** What no encoder makes: broken escapes, bytes that are not UTF-8, characters that should have been escaped. */
const unencoded = fc.constantFrom(
  '%',
  '%z',
  '%zz',
  '%ff',
  '%c3',
  '%ed%a0%80',
  '%f8%88%80%80%80',
  '%00',
  '"',
  '{}|\\^`',
  '<>',
  '[',
  '=',
  '?',
  ';',
  '%2',
  '%u0041',
);
const wrong = fc.oneof(encoded(hostileText), unencoded);

/** A value for a parameter: mostly one that its schema allows. */
const valueFor = ({ schema }: Parameter, right: number) =>
  fc.oneof({ arbitrary: encoded(valuesOf(schema).map(String)), weight: right }, { arbitrary: wrong, weight: 1 });

function pairsFor(parameter: Parameter): Arbitrary<readonly Pair[]> {
  const { name, required = false } = parameter;
  const one = valueFor(parameter, 14).map((value): Pair => [name, value]);
  return fc.oneof(
    { arbitrary: one.map((pair) => [pair]), weight: required ? 28 : 8 },
    { arbitrary: fc.constant([]), weight: required ? 1 : 14 },
    { arbitrary: fc.array(one, { minLength: 2, maxLength: 3 }), weight: 1 },
  );
}

const others: Arbitrary<readonly Pair[]> = fc.oneof(
  { arbitrary: fc.constant([]), weight: 12 },
  { arbitrary: fc.array(fc.tuple(wrong, wrong), { minLength: 1, maxLength: 3 }), weight: 1 },
);

const headerText = fc.stringMatching(/^[\x21-\x7e\x80-\xff]([\x20-\x7e\x80-\xff]{0,60}[\x21-\x7e\x80-\xff])?$/);
const headers: Arbitrary<readonly Pair[]> = fc.array(
  fc.tuple(
    fc.constantFrom(
      'X-Request-Id',
      'Accept',
      'Accept-Encoding',
      'If-None-Match',
      'Cookie',
      'X-Forwarded-For',
      'Range',
      'Origin',
      'Forwarded',
      'X-HTTP-Method-Override',
      '__proto__',
      'Authorization',
    ),
    fc.oneof(headerText, fc.constant(''), fc.constant('x'.repeat(2_000))),
  ),
  { maxLength: 4 },
);

/** Requests to one operation without a body of its own: right, nearly right and hostile. */
export function requestsTo({ method, path, parameters }: Operation): Arbitrary<RawRequest> {
  const inPath = parameters.filter((parameter) => parameter.in === 'path');
  const inQuery = parameters.filter((parameter) => parameter.in === 'query');
  return fc
    .record({
      segments: fc.tuple(
        // An empty segment is no value of this route, but another route.
        ...inPath.map((parameter) =>
          valueFor(parameter, 20)
            .filter((value) => value !== '')
            .map((value) => value.replaceAll('?', '%3F')),
        ),
      ),
      pairs: fc
        .tuple(...inQuery.map(pairsFor), others)
        .chain((all) => fc.shuffledSubarray(all.flat(), { minLength: all.flat().length })),
      headers,
      body: fc.option(
        fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
        { nil: undefined, freq: 3 },
      ),
      chunked: fc.boolean(),
    })
    .map(({ segments, pairs, headers: given, body, chunked }): RawRequest => {
      const filled = inPath.reduce((url, { name }, at) => url.replace(`{${name}}`, () => String(segments[at])), path);
      const query = pairs.map(([name, value]) => `${name}=${value}`).join('&');
      return {
        method,
        target: query === '' ? filled : `${filled}?${query}`,
        headers: [['Host', 'x'], ['Connection', 'close'], ...given],
        body,
        chunked,
      };
    })
    .filter(isTaken);
}

/** A head over this is answered 431 before the application sees it. */
const HEAD_LIMIT_BYTES = 32 * 1024;
const OTHER_LINES_BYTES = 200;

function isTaken({ target, headers }: RawRequest): boolean {
  const lines = headers.map(([name, value]) => name.length + value.length + 4);
  return lines.reduce((sum, length) => sum + length, target.length + OTHER_LINES_BYTES) < HEAD_LIMIT_BYTES;
}
