import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { ControllerSettings } from '../../src/controller/settings.ts';
import { until } from '../../src/dev/until.ts';
import type { TestDatabase } from '../support/database.ts';
import { type DatabaseProxy, startDatabaseProxy } from '../support/database-proxy.ts';
import { serve } from '../support/http-server.ts';
import { startReceiver } from '../support/notification-receiver.ts';
import { type Controller, TOKEN } from '../support/system/controller.ts';
import { FLAG } from '../support/system/flags.ts';
import type { Replica } from '../support/system/replica.ts';
import { type SystemHere, startSystem } from '../support/system/system.ts';

/** The real service, flag server, lever, journal and controller; only the plan is shorter than anyone's. */
const PLAN = `
rollout: violation-status
flag: ${FLAG}
stages:
  - { percent: 50,  observe: 300ms }
  - { percent: 100, observe: 300ms, approval: required }
guards:
  - { name: errors, measure: error-rate, limit: 1%, onBreach: off }
minSamples: 10
`;

let system: SystemHere;
let database: TestDatabase;
let service: Replica;
let proxy: DatabaseProxy;
let file: string;
let driving: AbortController;
let driven: Promise<void>;
let clientErrors: number;

beforeEach(async () => {
  // Of its own for each test: the journal cannot be emptied.
  system = await startSystem();
  ({ database, service } = system);
  ({ file } = system.flags);
  proxy = system.use(await startDatabaseProxy(database.url));
  clientErrors = 0;
  driving = new AbortController();
  driven = Promise.resolve();
});

afterEach(async () => {
  driving.abort();
  await driven;
  await system[Symbol.asyncDispose]();
});

/** @param changed settings of which the test wants less than a person may. */
const startController = (
  plan = PLAN,
  env: Record<string, string> = {},
  changed: Partial<ControllerSettings> = {},
): Promise<Controller> => system.startController({ plan, env: { DATABASE_URL: proxy.url, ...env }, changed });

const kindsOf = async (one: Controller): Promise<string[]> => (await one.history()).map(({ kind }) => kind);
const variant = async () => JSON.parse(await readFile(file, 'utf8')).flags[FLAG].defaultVariant;

/** Requests forced to domain, so that the replica's own breaker does not keep the fault from being seen. */
function drive(): void {
  driven = (async () => {
    for (let call = 0; !driving.signal.aborted; call += 1) {
      const { status } = await service.update(1 + (call % 1_000), 'status=confirmed&force_domain=true');
      clientErrors += status === 200 ? 0 : 1;
    }
  })();
}

async function startedAt50(plan = PLAN) {
  const controller = await startController(plan);
  await controller.untilReady();
  drive();
  assert.equal((await controller.ask('start')).status, 200);
  return controller;
}

test('climbs while everything is healthy, waits for approval, and completes', async () => {
  const controller = await startedAt50();
  assert.equal(await variant(), 'p50');
  await controller.until('awaiting-approval', 50);
  assert.equal(await variant(), 'p50', 'nothing rises without approval');
  await until('it may be approved', async () => (await controller.ask('approve')).status === 200);
  await controller.until('complete', 100);
  assert.equal(await variant(), 'p100');
  const kinds = await kindsOf(controller);
  for (const kind of ['started', 'approval-needed', 'promoted', 'completed', 'confirmed']) {
    assert.ok(kinds.includes(kind), `${kind} is in the journal: ${kinds}`);
  }
});

test('drops the flag by itself when domain fails, proves that the replica serves 0, and no client saw an error', async () => {
  const controller = await startedAt50();
  await service.setFaults({ domain: { errorPercent: 100 } });
  await controller.until('rolled-back', 0);
  await until('it is confirmed', async () => {
    const { change } = await controller.status();
    return change?.percent === 0 && change.confirmedAt !== null;
  });
  assert.equal(await variant(), 'off');
  assert.equal(await service.metric('sluice_flag_percent'), 0);
  assert.equal(clientErrors, 0);
  const { text } = await controller.get('/metrics');
  assert.match(text, /sluice_rollbacks_total\{rollout="violation-status",cause="errors"\} 1/);
});

test('drops the flag when one replica crashes again and again, though every request is well', async () => {
  // The replica's own page, at an address of its own, as of a process that began at another time after each crash.
  let startedAt = 1_000;
  await using crashing = await serve(async (_request, response) => {
    const { text } = await service.admin('/metrics');
    response.end(text.replace(/^process_start_time_seconds .*$/m, `process_start_time_seconds ${startedAt}`));
  });
  const address = `127.0.0.1:${crashing.port}`;
  const controller = await startController(PLAN.replace('observe: 300ms', 'observe: 1h'), {
    SCRAPE_TARGETS: `${service.adminAddress},${address}`,
  });
  await controller.untilReady();
  drive();
  await controller.command('start');
  const seen = (restarts: number) =>
    controller.untilStatus(`${restarts} restarts are seen`, ({ verdicts }) =>
      verdicts.some(({ guard, value }) => guard === 'restarts' && value === restarts),
    );
  for (const restarts of [1, 2]) {
    startedAt += 1;
    const { state } = await seen(restarts);
    assert.equal(state.phase, 'observing');
  }
  startedAt += 1;
  const event = await controller.untilJournal('rolled-back', 0);
  assert.equal(await variant(), 'off');
  assert.match(event.text, new RegExp(`restarts.*${address} restarted 3 times, at 00:16:41, 00:16:42, 00:16:43 UTC`));
  assert.equal(clientErrors, 0);
});

test('drops the flag while the database is away, and writes down why once it is back', async () => {
  const controller = await startedAt50();
  await proxy.goAway();
  await until('it sees that', async () => (await controller.status()).controller.journal === 'away');
  assert.equal((await controller.ask('promote')).status, 503);
  await service.setFaults({ domain: { errorPercent: 100 } });
  await until('the flag is off', async () => (await variant()) === 'off');
  await proxy.comeBack();
  await until('the journal knows', async () => {
    const rows = await database.query("SELECT 1 FROM rollout_events WHERE kind = 'rolled-back'");
    return rows.length === 1;
  });
  await controller.until('rolled-back', 0);
});

test('reports a rollback with its evidence, and one who does not take it holds up nothing', async () => {
  await using receiver = await startReceiver();
  receiver.instead = () => {};
  const env = { NOTIFY_WEBHOOK_URL: `${receiver.url}/hook`, CONSOLE_URL: 'http://console' };
  const controller = await startController(PLAN, env);
  await controller.untilReady();
  drive();
  assert.equal((await controller.ask('start')).status, 200);
  await until('the receiver hangs', () => receiver.asked() === 1);
  await service.setFaults({ domain: { errorPercent: 100 } });
  await until('every replica serves 0', async () => {
    const { change, wanted } = await controller.status();
    return wanted === 0 && change !== null && change.percent === 0 && change.confirmedAt !== null;
  });
  assert.equal(await variant(), 'off');
  assert.equal(receiver.received.length, 0, 'nobody has taken anything yet');
  receiver.instead = undefined;
  const rollback = () =>
    receiver.received.map(({ body }) => JSON.parse(body)).find(({ event }) => event.kind === 'rolled-back');
  await until('the rollback is reported', () => rollback() !== undefined, 20_000);
  assert.deepEqual([rollback().severity, rollback().event.details.why.guard], ['critical', 'errors']);
  assert.match(rollback().console, /^http:\/\/console\/#event=/);
});

test('goes on where it was after a restart', async () => {
  const slow = PLAN.replace('observe: 300ms', 'observe: 10m');
  const first = await startedAt50(slow);
  await until('time counts', async () => ((await first.status()).healthyMs ?? 0) > 0);
  const { since } = (await first.status()).state;
  await first.stop();
  const second = await startController(slow);
  await second.untilReady();
  const { state, healthyMs } = await second.status();
  assert.deepEqual([state.phase, state.percent, state.since], ['observing', 50, since]);
  assert.ok((healthyMs ?? 0) > 0, 'what was observed counts still');
});

test('never raises a flag that a human lowered', async () => {
  const controller = await startedAt50();
  await writeFile(file, (await readFile(file, 'utf8')).replace('"defaultVariant": "p50"', '"defaultVariant": "off"'));
  await controller.until('rolled-back', 0);
  assert.ok((await kindsOf(controller)).includes('adopted'));
  const looks = await service.metric('sluice_path_requests_total', { path: 'domain', outcome: 'ok' });
  await until(
    'healthy requests enough to leave a stage',
    async () => (await service.metric('sluice_path_requests_total', { path: 'domain', outcome: 'ok' })) > looks + 100,
  );
  assert.equal(await variant(), 'off');
});

test('takes over a flag that was raised by hand, and guards it', async () => {
  const controller = await startController();
  await controller.untilReady();
  await writeFile(file, (await readFile(file, 'utf8')).replace('"defaultVariant": "off"', '"defaultVariant": "p100"'));
  await until('100 % is taken over', async () => (await controller.status()).wanted === 100);
  drive();
  await service.setFaults({ domain: { errorPercent: 100 } });
  await until('it is off', async () => (await variant()) === 'off');
});

test('a second controller stands by, refuses to start anything, and takes over when the first is gone', async () => {
  const first = await startController();
  await first.untilReady();
  const second = await startController();
  await until('it has read the journal', async () => (await second.status()).controller.journal === 'written');
  const refused = await second.ask('start');
  assert.deepEqual([refused.status, refused.json.title], [503, 'Not the leader']);
  assert.equal(await variant(), 'off');
  await first.stop();
  await second.untilReady();
});

test('holds a stage that has no traffic, reports it, and a pause keeps the guards awake', async () => {
  const controller = await startController(PLAN, {}, { NOTIFY_HOLD_AFTER_MINUTES: 0.001 });
  await controller.untilReady();
  assert.equal((await controller.ask('start')).status, 200);
  await until('it says why it holds', async () => /no-data/.test((await controller.status()).holding ?? ''));
  assert.equal((await controller.status()).healthyMs, 0);
  await until('it is reported', async () => (await kindsOf(controller)).includes('holding'));
  assert.equal((await kindsOf(controller)).filter((kind) => kind === 'holding').length, 1);
  assert.equal((await controller.ask('pause')).status, 200);
  drive();
  await service.setFaults({ domain: { errorPercent: 100 } });
  await controller.until('rolled-back', 0);
});

test('a stage with a lease is written so that it ends by itself, and is off without one', async () => {
  await startedAt50(`${PLAN}lease: 10s\n`);
  const { targeting } = JSON.parse(await readFile(file, 'utf8')).flags[FLAG];
  assert.match(JSON.stringify(targeting), /\$flagd\.timestamp/);
  assert.equal(await service.metric('sluice_flag_percent'), 50);
});

describe('data that differ', () => {
  const GUARDED = PLAN.replace(
    'guards:',
    'guards:\n  - { name: consistency, measure: mismatches, limit: 0, onBreach: off }',
  ).replace('observe: 300ms', 'observe: 10m');
  const check = (to: Controller, findings: number) =>
    to.post('/api/consistency-checks', {
      actor: 'ana',
      check: '5f0c7a52-8f0e-4b53-9b42-6f0d9a4f9f10',
      since: null,
      records: 1_000,
      changes: 20,
      findings,
      examples: findings === 0 ? [] : [{ violation_id: '9007199254740993', kind: 'value-lost', field: 'notes' }],
    });

  test('a single write that is not what the rule says drops the flag, and the journal names the record', async () => {
    const controller = await startController(GUARDED);
    await controller.untilReady();
    assert.equal((await controller.ask('start')).status, 200);
    await until('every replica serves 50', async () => (await service.metric('sluice_flag_percent')) === 50);
    await database.query(`
      CREATE FUNCTION planted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.notes := NULL; RETURN NEW; END $$;
      CREATE TRIGGER planted BEFORE UPDATE ON violations FOR EACH ROW EXECUTE FUNCTION planted()`);
    assert.equal((await service.update(77, 'status=resolved&notes=kept&force_domain=true')).status, 200);
    await controller.until('rolled-back', 0);
    await until('the flag is off', async () => (await variant()) === 'off');
    await until('the record is named', async () => (await kindsOf(controller)).includes('mismatched'));
    const named = (await controller.history()).find(({ kind }) => kind === 'mismatched');
    const { text, details } = named ?? assert.fail('no record is named');
    assert.match(text, /violation 77 \(notes, by domain\)/);
    const { records, first } = details as { records: number; first: { violationId: string }[] };
    assert.deepEqual([records, first[0]?.violationId], [1, '77']);
  });

  test('a check of all records that found something drops the flag at once; a clean one is only written down', async () => {
    const controller = await startController(GUARDED);
    await controller.untilReady();
    assert.equal((await controller.ask('start')).status, 200);
    const clean = await check(controller, 0);
    assert.deepEqual([clean.status, clean.json.status.wanted], [200, 50]);
    const verdicts = clean.json.status.verdicts.filter(({ source }: { source: string }) => source === 'verifier');
    assert.deepEqual(
      verdicts.map(({ guard, kind, samples }: Record<string, unknown>) => [guard, kind, samples]),
      [['consistency', 'healthy', 20]],
    );
    const bad = await check(controller, 1);
    assert.deepEqual([bad.status, bad.json.status.wanted, await variant()], [200, 0, 'off']);
    assert.match(
      bad.json.done,
      /^Data checked by ana: .* 1 finding, in violations 9007199254740993\. Rolled back from 50 %/,
    );
    await until('the journal has both', async () => {
      const kinds = await kindsOf(controller);
      return kinds.filter((kind) => kind === 'checked').length === 2 && kinds.includes('rolled-back');
    });
  });

  test('a check is taken with the token only, and not with ids that are none', async () => {
    const controller = await startController(GUARDED);
    await controller.untilReady();
    assert.equal((await controller.post('/api/consistency-checks', {}, { headers: {} })).status, 401);
    const wrong = await controller.post('/api/consistency-checks', {
      actor: 'ana',
      check: 'x',
      since: 'today',
      records: -1,
      changes: 0,
      findings: 0,
      examples: [{ violation_id: '1; DROP', kind: '', field: '' }],
    });
    assert.equal(wrong.status, 400);
    for (const name of ['check', 'since', 'records', 'violation_id']) {
      assert.match(wrong.json.detail, new RegExp(`${name} is`));
    }
  });
});

describe('the API', () => {
  let controller: Controller;
  beforeEach(async () => {
    controller = await startController();
    await controller.untilReady();
  });

  test('answers 401 to whoever has no token or another one, counts it, and changes nothing', async () => {
    for (const headers of [{}, { Authorization: 'Bearer another-token-of-this-length' }]) {
      for (const path of ['/api/commands', '/api/alerts']) {
        assert.equal(
          (await controller.post(path, { command: 'start', actor: 'eve', reason: '' }, { headers })).status,
          401,
        );
      }
    }
    const { text } = await controller.get('/metrics');
    assert.match(text, /sluice_unauthorized_total 4/);
    assert.equal(await variant(), 'off');
  });

  const bad: [string, unknown, number, RegExp][] = [
    ['no JSON', '{ "command": ', 400, /not valid JSON/],
    ['an unknown command', { command: 'go', actor: 'ana', reason: '' }, 400, /command is \\"go\\"; allowed: start/],
    ['a key it does not know', { command: 'start', actor: 'ana', reason: '', now: 1 }, 400, /unknown key/],
    ['no actor', { command: 'start', reason: '' }, 400, /lacks actor/],
    ['a percent for a start', { command: 'start', actor: 'ana', reason: '', to: 50 }, 400, /for rollback only/],
    ['a body too large', { command: 'start', actor: 'ana', reason: 'x'.repeat(20_000) }, 413, /16kb/],
  ];
  for (const [name, body, status, message] of bad) {
    test(`says what is wrong with ${name}, and changes nothing`, async () => {
      const answer = await controller.post('/api/commands', body);
      assert.equal(answer.status, status);
      assert.match(answer.text, message);
      assert.equal((await controller.status()).state.phase, 'idle');
    });
  }

  test('answers every request of a flood, and lets a rollback through meanwhile', async () => {
    assert.equal((await controller.ask('start')).status, 200);
    // Each reader now waits for a database that says nothing.
    proxy.toServer = () => {};
    const flood = Array.from({ length: 300 }, () => controller.get('/api/history?limit=100'));
    const rollback = controller.ask('rollback');
    const answers = await Promise.all(flood);
    assert.equal((await rollback).status, 200);
    assert.equal(await variant(), 'off');
    const statuses = new Set(answers.map(({ status }) => status));
    assert.deepEqual(
      [...statuses].sort(),
      [200, 503],
      'some are served, and those that are too many are asked to come back',
    );
    assert.ok(answers.every(({ status, headers }) => status === 200 || headers['retry-after'] !== undefined));
  });

  test('is not held up by clients that never end what they send', async () => {
    const slow = await Promise.all(
      Array.from({ length: 100 }, async (_, at) => {
        const socket = connect({ port: controller.port, host: '127.0.0.1' });
        await once(socket, 'connect');
        // Half of them have no token, and are sent away; the others have not even sent all of their headers.
        const end = at % 2 === 0 ? 'Content-Length: 100\r\n\r\n{' : `Authorization: Bearer ${TOKEN}\r\n`;
        socket.write(`POST /api/commands HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n${end}`);
        return socket;
      }),
    );
    try {
      assert.equal((await controller.ask('start')).status, 200);
      assert.equal((await controller.ask('rollback')).status, 200);
      assert.equal(await variant(), 'off');
    } finally {
      for (const socket of slow) {
        socket.destroy();
      }
    }
  });

  test('an alert drops the flag and keeps it down until it is resolved; those of others do nothing', async () => {
    assert.equal((await controller.ask('start')).status, 200);
    const alert = (status: string, rollout: string, startsAt = '2026-01-01T00:00:00Z') => ({
      version: '4',
      status,
      alerts: [
        {
          status,
          fingerprint: 'f1',
          startsAt,
          labels: { alertname: 'Slow', rollout, action: 'rollback' },
          annotations: {},
        },
      ],
    });
    const acted = async (body: object) => {
      const answer = await controller.post('/api/alerts', body);
      assert.equal(answer.status, 200, answer.text);
      return answer.json.acted;
    };
    assert.equal(await acted(alert('resolved', 'violation-status', '2025-12-31T00:00:00Z')), 0);
    assert.equal(await acted(alert('firing', 'another')), 0);
    assert.equal(await variant(), 'p50');
    assert.equal(await acted(alert('firing', 'violation-status')), 1);
    assert.equal(await variant(), 'off');
    assert.equal(await acted(alert('firing', 'violation-status')), 0, 'sent again');
    const refused = await controller.ask('start');
    assert.equal(refused.status, 409);
    assert.match(refused.text, /alert Slow fires/);
    assert.equal(await acted(alert('resolved', 'violation-status')), 1);
    assert.equal(await acted(alert('firing', 'violation-status')), 0, 'a late repeat of what is over');
    await until('it starts again', async () => (await controller.ask('start')).status === 200);
    assert.equal(await variant(), 'p50');
  });
});
