import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFrameReader } from './frames.ts';
import { frame, startup } from './frames-fixture.ts';
import { createTurns } from './turns.ts';

const bind = (name: string) => frame('B', `\0${name}\0`);
const execute = frame('E', '\0\0\0\0\0');
const sync = frame('S', '');
const done = (tag: string) => frame('C', `${tag}\0`);
const ready = frame('Z', 'I');

function follow() {
  const turns = createTurns();
  const readClient = createFrameReader('client');
  const readServer = createFrameReader('server');
  const client = (...sent: Buffer[]) => readClient(Buffer.concat(sent)).flatMap((one) => turns.fromClient(one).points);
  const server = (...sent: Buffer[]) => readServer(Buffer.concat(sent)).map(turns.fromServer);
  client(startup('user\0me\0\0'));
  return { client, server };
}

test('both turns of a domain write are known step by step', () => {
  const { client, server } = follow();
  assert.deepEqual(client(bind('begin'), execute, bind('domain-lock'), execute, sync), ['begin-before', 'lock-before']);
  const held = server(done('BEGIN'), done('SELECT 1'), ready);
  assert.deepEqual([held[0], held[1], held[2]?.points], [undefined, undefined, ['lock-after']]);
  assert.deepEqual(held[2]?.bytes, Buffer.concat([done('BEGIN'), done('SELECT 1'), ready]));
  assert.deepEqual(client(bind('domain-write'), execute, bind('commit'), execute, sync), [
    'write-before',
    'commit-before',
  ]);
  assert.deepEqual(server(done('INSERT 0 1'), done('COMMIT'), ready).at(-1)?.points, ['commit-after']);
});

test('a statement that is prepared and bound in one turn is one step', () => {
  const { client } = follow();
  assert.deepEqual(client(frame('P', 'legacy-update\0WITH …\0'), bind('legacy-update'), execute, sync), [
    'legacy-before',
  ]);
  assert.deepEqual(client(bind('legacy-update'), execute, sync), ['legacy-before']);
});

test('an answer that did nothing is at no step: no record, an error, a rollback', () => {
  const { client, server } = follow();
  client(bind('legacy-update'), execute, sync);
  assert.deepEqual(server(done('INSERT 0 0'), ready).at(-1)?.points, []);
  client(bind('legacy-update'), execute, sync);
  assert.deepEqual(server(frame('E', 'Serror\0\0'), ready).at(-1)?.points, []);
  client(bind('domain-write'), execute, bind('commit'), execute, sync);
  assert.deepEqual(server(done('ROLLBACK'), ready).at(-1)?.points, []);
});

test('the look-up is known by its text, and what else is asked is no step', () => {
  const { client, server } = follow();
  const lookUp = 'SELECT path FROM violation_status_history WHERE write_id = $1';
  assert.deepEqual(client(frame('P', `\0${lookUp}\0`), bind(''), execute, sync), ['look-up-before']);
  assert.deepEqual(server(done('SELECT 0'), ready).at(-1)?.points, ['look-up-after']);
  assert.deepEqual(client(frame('Q', 'SELECT pg_terminate_backend(1, 300)\0')), ['end-backend-before']);
  server(done('SELECT 1'), ready);
  assert.deepEqual(client(frame('Q', 'SELECT 1\0')), []);
});

test('what a server says unasked passes at once, and its last words are kept for the end', () => {
  const turns = createTurns();
  const [notice] = createFrameReader('server')(frame('N', 'Sgoing\0\0'));
  assert.equal(turns.fromServer(notice as never)?.bytes.length, notice?.bytes.length);
  turns.fromClient({ type: 'Q', bytes: frame('Q', 'SELECT 1\0') });
  const last = { type: 'E', bytes: frame('E', 'SFATAL\0\0') };
  assert.equal(turns.fromServer(last), undefined);
  assert.deepEqual(turns.takeAnswer(), last.bytes);
  assert.equal(turns.takeAnswer().length, 0);
});
