import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { Ajv } from 'ajv';
import pg from 'pg';
import { HistoryAnswer } from '../../src/contract/schemas.ts';
import { createJournal } from '../../src/controller/store/journal.ts';
import { startCli } from '../support/cli.ts';
import { onConsole } from '../support/console-text.ts';
import { type EventRow, RECORDED_EVENTS, RECORDED_STATES, type StateRow } from '../support/recorded/recorded.ts';
import { FLAG } from '../support/system/flags.ts';
import { type SystemHere, startSystem } from '../support/system/system.ts';

const ROLLOUT = 'violation-status';
const PLAN = `
rollout: ${ROLLOUT}
flag: ${FLAG}
stages: [{ percent: 50, observe: 10m }, { percent: 100, observe: 10m }]
guards: [{ name: errors, measure: error-rate, limit: 1%, onBreach: off }]
`;
const isHistory = new Ajv({ formats: { 'date-time': true } }).compile<HistoryAnswer>(HistoryAnswer);

let system: SystemHere;
beforeEach(async () => {
  system = await startSystem();
});
afterEach(() => system[Symbol.asyncDispose]());

const write = async (rows: readonly EventRow[]) => {
  await system.database.query(
    `INSERT INTO rollout_events (event_id, rollout, happened_at, kind, from_percent, to_percent, actor, text, details)
     SELECT event_id, $1, happened_at, kind, from_percent, to_percent, actor, text, details
     FROM jsonb_populate_recordset(NULL::rollout_events, $2)`,
    [ROLLOUT, JSON.stringify(rows)],
  );
};
const save = async ({ state, intent, unconfirmed }: StateRow) => {
  const values = [state, intent, unconfirmed].map((each) => (each === null ? null : JSON.stringify(each)));
  await system.database.query('DELETE FROM rollout_state');
  await system.database.query(
    `INSERT INTO rollout_state (rollout, revision, settled, state, intent, unconfirmed) VALUES ($1, 1, true, $2, $3, $4)`,
    [ROLLOUT, ...values],
  );
};

describe('what older versions wrote', () => {
  test('is reported whole by the API, the CLI, the console and the report', async () => {
    await write(RECORDED_EVENTS);
    const controller = await system.startController({ plan: PLAN });
    await controller.untilReady();

    const answer: unknown = (await controller.get('/api/history?limit=100')).json;
    assert.ok(isHistory(answer), JSON.stringify(isHistory.errors));
    const ids = new Map(RECORDED_EVENTS.map((row) => [row.event_id, row]));
    const answered = answer.events.filter(({ eventId }) => ids.has(eventId));
    assert.deepEqual(
      answered.map(({ eventId, at, kind, from, to, actor, text, details }) => ({
        event_id: eventId,
        happened_at: at,
        kind,
        from_percent: from,
        to_percent: to,
        actor,
        text,
        details,
      })),
      RECORDED_EVENTS.toReversed(),
    );

    const { code, out } = await startCli(['history', '--limit', '100'], { SLUICE_URL: controller.url }).ended;
    assert.equal(code, 0);
    const inChinese = onConsole(answered, 'zh');
    assert.doesNotMatch(inChinese, /undefined/);
    for (const { text, actor } of RECORDED_EVENTS) {
      assert.ok(out.includes(text) && onConsole(answered, 'en').includes(text), text);
      assert.ok(inChinese.includes(actor), actor);
    }
    for (const language of ['en', 'zh']) {
      const { status, text } = await controller.get(`/api/report?lang=${language}&format=md`);
      assert.equal(status, 200);
      assert.match(text, language === 'en' ? /Promoted from 50 % to 100 %/ : /从 50 % 晋级到 100 %/);
    }
  });

  for (const row of RECORDED_STATES) {
    test(`is where it goes on: ${(row.state as { phase: string }).phase}${row.unconfirmed ? ', unconfirmed' : ''}`, async () => {
      await save(row);
      await using journal = openJournal();
      const { state, unconfirmed = null } = (await journal.load()) ?? assert.fail();
      assert.deepEqual({ state, unconfirmed }, { state: row.state, unconfirmed: row.unconfirmed });
    });
  }
});

describe('what a newer version wrote', () => {
  test('of a kind that is not known is shown as another one, and neither keeps the rest from being shown', async () => {
    const [first] = RECORDED_EVENTS as readonly [EventRow];
    const event = (id: number, more: Partial<EventRow>) => ({
      ...first,
      event_id: `00000000-0000-4000-8000-00000000000${id}`,
      ...more,
    });
    await write([
      event(1, { kind: 'frozen', text: 'Frozen until noon.', details: { until: 'noon' } }),
      event(2, { kind: 'promoted', text: 'Promoted by the moon.', details: { why: { kind: 'moon' }, ticket: 7 } }),
      event(3, { kind: 'promoted', text: 'Promoted.', details: 'because' }),
    ]);
    const controller = await system.startController({ plan: PLAN });
    await controller.untilReady();
    const answer: unknown = (await controller.get('/api/history')).json;
    assert.ok(isHistory(answer), JSON.stringify(isHistory.errors));
    const said = answer.events.map(({ text, kind, details }) => [text, kind, details]);
    assert.deepEqual(
      said.filter(([, kind]) => kind !== 'leading'),
      [
        ['Promoted.', 'promoted', {}],
        ['Promoted by the moon.', 'promoted', { ticket: 7 }],
        ['Frozen until noon.', 'other', { kind: 'frozen', details: { until: 'noon' } }],
      ],
    );
    const { code, out } = await startCli(['history'], { SLUICE_URL: controller.url }).ended;
    assert.deepEqual([code, out.includes('Frozen until noon.')], [0, true]);
    assert.equal((await controller.get('/api/report')).status, 200);
  });

  test('of the state is not guessed at: nothing is raised, and the flag stays', async () => {
    await system.flags.set(50);
    await save({ state: { phase: 'frozen', percent: 100, until: 'noon' }, intent: null, unconfirmed: null });
    await using journal = openJournal();
    await assert.rejects(journal.load(), /a state that this version does not know: state is \{"phase":"frozen",/);
    const controller = await system.startController({ plan: PLAN });
    const status = await controller.untilStatus('it has looked at the flag', ({ wanted }) => wanted === 50);
    assert.deepEqual([status.controller.leading, status.controller.journal], [false, 'away']);
    assert.equal((await controller.ask('promote')).status, 503);
    assert.equal(await system.flags.percent(), 50);
    assert.deepEqual(await system.database.query('SELECT state FROM rollout_state'), [
      { state: { phase: 'frozen', percent: 100, until: 'noon' } },
    ]);
  });
});

function openJournal() {
  const pool = new pg.Pool({ connectionString: system.database.url, max: 1 });
  return { ...createJournal(pool, ROLLOUT), [Symbol.asyncDispose]: () => pool.end() };
}
