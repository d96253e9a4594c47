import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createWritePool } from './pool.ts';

test('a connection that breaks while idle is reported, and one that the pool was done with is not', async () => {
  const heard: string[] = [];
  const pool = createWritePool({
    application: 'test',
    url: 'postgresql://127.0.0.1/none',
    size: 1,
    onIdleError: ({ message }) => heard.push(message),
  });
  // The event as pg emits it, for which a server would have to end a connection in the moment that it is closed.
  const breakOne = (why: string) => pool.emit('error', new Error(why));
  breakOne('in use');
  await pool.end();
  breakOne('ended');
  assert.deepEqual(heard, ['in use']);
});
