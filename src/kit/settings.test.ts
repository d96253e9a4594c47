import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readControllerSettings } from '../controller/settings.ts';
import { readServiceSettings } from '../service/settings.ts';
import { SettingsError } from './settings.ts';

const required = { DATABASE_URL: 'postgresql://u:p@localhost/db' };

test('needs nothing but DATABASE_URL, and has the documented defaults', () => {
  assert.deepEqual(readServiceSettings(required), {
    ...required,
    PORT: 8080,
    ADMIN_PORT: 8081,
    DATABASE_POOL: 10,
    USE_DOMAIN_SERVICE: true,
    REPOSITORY_TYPE: 'postgresql',
    FORCE_DOMAIN: 'deny',
    FAULT_INJECTION: 'deny',
    FLAG_PROVIDER: 'flagd',
    ROLLOUT_FLAG: 'violation-status-domain-percent',
    DOMAIN_TIMEOUT_MS: 1_000,
    MAX_IN_FLIGHT: 200,
    SHADOW_SAMPLE_PERCENT: 10,
    LOG_LEVEL: 'info',
  });
});

test('takes an empty variable as an unset one: an empty ROLLOUT_PERCENT is no ceiling of 0', () => {
  assert.equal(readServiceSettings({ ...required, ROLLOUT_PERCENT: '', PORT: ' ' }).ROLLOUT_PERCENT, undefined);
});

test('cannot be changed once read', () => {
  assert.ok(Object.isFrozen(readServiceSettings(required)));
});

describe('refuses', () => {
  const cases: [string, NodeJS.ProcessEnv, RegExp][] = [
    ['a missing DATABASE_URL', { DATABASE_URL: '' }, /^DATABASE_URL is required\. Set it to postgresql:\/\//],
    [
      'a percent over 100',
      { ROLLOUT_PERCENT: '101' },
      /^ROLLOUT_PERCENT is wrong: it is "101"; allowed: a whole number from 0 to 100\.$/,
    ],
    ['a percent that is no number', { ROLLOUT_PERCENT: 'off' }, /"off"; allowed: a whole number/],
    [
      'a switch that is neither true nor false',
      { USE_DOMAIN_SERVICE: '1' },
      /USE_DOMAIN_SERVICE .*"1"; allowed: true, false/,
    ],
    ['a word that is not one of the allowed', { FORCE_DOMAIN: 'yes' }, /"yes"; allowed: allow, deny/],
    ['evaluation over the network', { FLAGD_RESOLVER: 'rpc' }, /FLAGD_RESOLVER .*allowed: in-process/],
  ];
  for (const [name, env, message] of cases) {
    test(name, () => {
      assert.throws(
        () => readServiceSettings({ ...required, ...env }),
        (error) => error instanceof SettingsError && message.test(error.message),
      );
    });
  }

  test('a connection string of another form, without showing its password', () => {
    assert.throws(
      () => readServiceSettings({ DATABASE_URL: 'mysql://root:secret@db' }),
      (error) => error instanceof SettingsError && !error.message.includes('secret'),
    );
  });
});

test('both programs say what is wrong with a DATABASE_URL that can never lead to a server', () => {
  const DATABASE_URL = 'postgresql://u:secret@host:99999/db';
  const says =
    /^DATABASE_URL is wrong: it cannot be read: its port .*; allowed: postgresql:\/\/user:password@host:port\/database\.$/;
  const controller = { SLUICE_TOKEN: 'a-token-of-some-length', SCRAPE_TARGETS: 'host:1', FLAGS_FILE: 'flags.json' };
  assert.throws(() => readServiceSettings({ DATABASE_URL }), { name: 'SettingsError', message: says });
  assert.throws(() => readControllerSettings({ DATABASE_URL, ...controller }), {
    name: 'SettingsError',
    message: says,
  });
});

describe('the controller', () => {
  const token = 'a-token-of-some-length';
  const needed = { ...required, SLUICE_TOKEN: token, SCRAPE_TARGETS: '127.0.0.1:8081', FLAGS_FILE: 'flags.json' };
  const refused = (env: NodeJS.ProcessEnv) => {
    try {
      readControllerSettings({ ...needed, ...env });
    } catch (error) {
      assert.ok(error instanceof SettingsError);
      return error.message;
    }
    return assert.fail('nothing was refused');
  };

  test('has the documented defaults', () => {
    assert.deepEqual(readControllerSettings(needed), {
      ...needed,
      token,
      CONTROLLER_PORT: 8090,
      DATABASE_POOL: 10,
      PLAN_FILE: 'rollout.yaml',
      SIGNALS: 'scrape',
      LEVER: 'file',
      TICK_MS: 500,
      NOTIFY_HOLD_AFTER_MINUTES: 10,
      LOG_LEVEL: 'info',
    });
  });

  test('does not start without a token, nor with a short one, and never shows it', () => {
    assert.match(refused({ SLUICE_TOKEN: '' }), /^SLUICE_TOKEN is required/);
    const short = refused({ SLUICE_TOKEN: 'hunter2' });
    assert.match(short, /^SLUICE_TOKEN is wrong/);
    assert.ok(!short.includes('hunter2'));
  });

  test('takes no token that could never be sent, nor an address that nothing can be asked at', () => {
    assert.match(
      refused({ SLUICE_TOKEN: 'a token with spaces in it' }),
      /^SLUICE_TOKEN is wrong: .* without spaces\.$/,
    );
    for (const name of ['PROMETHEUS_URL', 'CONSOLE_URL', 'NOTIFY_WEBHOOK_URL', 'NOTIFY_SLACK_URL']) {
      for (const address of ['http://', 'http://host:99999', 'http://a b/', 'ftp://host']) {
        assert.match(
          refused({ [name]: address }),
          new RegExp(`^${name} is wrong: .*allowed: an address such as https?://`),
          address,
        );
      }
    }
  });

  test('never shows where notifications go: the address is a secret', () => {
    const wrong = refused({ NOTIFY_SLACK_URL: 'hunter2' });
    assert.match(wrong, /^NOTIFY_SLACK_URL is wrong/);
    assert.ok(!wrong.includes('hunter2'));
  });

  test('says what each signal and each lever needs', () => {
    assert.match(refused({ SCRAPE_TARGETS: '' }), /^SCRAPE_TARGETS is required with SIGNALS=scrape/);
    assert.match(refused({ SIGNALS: 'prometheus' }), /^PROMETHEUS_URL is required/);
    assert.match(refused({ SIGNALS: 'guesses' }), /^SIGNALS is wrong: it is "guesses"/);
    assert.match(refused({ FLAGS_FILE: '' }), /^FLAGS_FILE is required with LEVER=file/);
    assert.match(refused({ LEVER: 'configmap' }), /^FLAG_RESOURCE is required with LEVER=configmap/);
  });
});
