import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wrongDatabaseUrl, wrongInDatabaseUrl } from './url.ts';

const NO_ENV = {};

test('takes what pg can connect to', () => {
  for (const url of [
    'postgresql://user:password@host:5432/database',
    'postgres://user@host/database',
    'postgresql://user:p%40ss@[::1]:6000/database?sslmode=require',
    'postgresql://user@/database?host=/var/run/postgresql',
    'postgresql://host/database?sslmode=verify-full&application_name=x',
  ]) {
    assert.equal(wrongInDatabaseUrl(url, NO_ENV), undefined, url);
  }
});

test('says what can never lead to a server, without the password', () => {
  const secret = 'hunter2';
  const cases: readonly (readonly [url: string, says: RegExp])[] = [
    [secret, /^is malformed$/],
    [`mysql://u:${secret}@h/db`, /^is malformed$/],
    [`postgresql://u:${secret}@h:99999/db`, /^cannot be read: its port/],
    [`postgresql://u:${secret}#x@h/db`, /^cannot be read: .* is written as %3A/],
    [`postgresql://u:${secret}@h/db?port=abc`, /^has a port that is not a number from 1 to 65535$/],
    [`postgresql://u:${secret}@h/db?port=0`, /^has a port that is not a number/],
    [`postgresql://u:${secret}@h1,h2/db`, /^has the host "h1,h2"/],
    [
      `postgresql://u:${secret}@h/db?sslmode=bogus`,
      /^names the sslmode "bogus", and allowed are disable, allow, prefer/,
    ],
    [`postgresql://u:${secret}@h/db?sslrootcert=/no/such/file`, /^names the file \/no\/such\/file, .*\(ENOENT\)$/],
    ['postgresql://', /^names no database$/],
  ];
  for (const [url, says] of cases) {
    const wrong = wrongInDatabaseUrl(url, NO_ENV);
    assert.match(wrong ?? 'nothing', says, url);
    assert.ok(!wrong?.includes(secret), wrong);
  }
});

test('looks at what the environment adds', () => {
  const url = 'postgresql://user@host/database';
  assert.match(wrongInDatabaseUrl(url, { PGSSLMODE: 'bogus' }) ?? 'nothing', /sslmode "bogus"/);
  assert.equal(wrongInDatabaseUrl(`${url}?sslmode=require`, { PGSSLMODE: 'bogus' }), undefined);
});

test('names the variable, and what it is set to instead', () => {
  assert.equal(
    wrongDatabaseUrl('mysql://h/db', NO_ENV),
    'DATABASE_URL is wrong: it is malformed. Set it to postgresql://user:password@host:port/database.',
  );
  assert.equal(wrongDatabaseUrl('postgresql://host/database', NO_ENV), undefined);
});
