import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createFrameReader, type Frame, textsOf } from './frames.ts';
import { frame, startup } from './frames-fixture.ts';

const show = (frames: readonly Frame[]) => frames.map(({ type, bytes }) => `${type} ${bytes.toString('hex')}`);
const anyFrame = fc
  .tuple(fc.constantFrom('B', 'C', 'D', 'E', 'P', 'Q', 'S', 'Z'), fc.string({ maxLength: 40 }))
  .map(([type, body]) => frame(type, body));

test('frames come out as they went in, however the bytes are split', () => {
  fc.assert(
    fc.property(fc.array(anyFrame, { maxLength: 12 }), fc.array(fc.integer({ min: 1, max: 30 })), (sent, cuts) => {
      const read = createFrameReader('server');
      let rest = Buffer.concat(sent);
      const got: Frame[] = [];
      for (const size of [...cuts, Number.POSITIVE_INFINITY]) {
        got.push(...read(rest.subarray(0, size)));
        rest = rest.subarray(Math.min(size, rest.length));
      }
      assert.deepEqual(
        got.map(({ bytes }) => bytes.toString('hex')),
        sent.map((bytes) => bytes.toString('hex')),
      );
    }),
  );
});

test('the first message of a client has no type, and every one after it has', () => {
  const read = createFrameReader('client');
  const first = startup('user\0me\0\0');
  const query = frame('Q', 'SELECT 1\0');
  assert.deepEqual(show(read(Buffer.concat([first, query]))), [
    ` ${first.toString('hex')}`,
    `Q ${query.toString('hex')}`,
  ]);
});

test('half a frame is kept until its rest is there', () => {
  const read = createFrameReader('server');
  const bytes = frame('C', 'COMMIT\0');
  assert.deepEqual(read(bytes.subarray(0, 3)), []);
  assert.deepEqual(read(bytes.subarray(3, 9)), []);
  assert.deepEqual(show(read(bytes.subarray(9))), [`C ${bytes.toString('hex')}`]);
});

test('the texts of a body are read up to its end', () => {
  const [bind] = createFrameReader('server')(frame('B', 'portal\0legacy-update\0rest'));
  assert.deepEqual(textsOf(bind as Frame, 2), ['portal', 'legacy-update']);
  assert.deepEqual(textsOf(bind as Frame, 5), ['portal', 'legacy-update']);
});

test('an impossible length and a request for SSL are refused', () => {
  assert.throws(() => createFrameReader('server')(Buffer.from('C\0\0\0\u0001')), /length/);
  const ssl = Buffer.alloc(8);
  ssl.writeInt32BE(8, 0);
  ssl.writeInt32BE(80_877_103, 4);
  assert.throws(() => createFrameReader('client')(ssl), /SSL/);
});
