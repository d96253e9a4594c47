import type { Pool } from 'pg';
import Type from 'typebox';
import { toJsonb } from '../../kit/postgres/jsonb.ts';
import { compile } from '../../kit/schema.ts';
import { shown, type Wrong } from '../../kit/schema-errors.ts';
import { SavedCounts } from '../../rollout/saved-counts.ts';
import { orNull, PercentNumber, State } from '../../rollout/state-schema.ts';
import type { Journal, SavedRollout } from '../engine/ports.ts';
import type { History } from '../readers/known-events.ts';
import { readEvent } from './read-event.ts';

const LOAD =
  'SELECT revision, state, intent, settled, unconfirmed, legacy_baseline FROM rollout_state WHERE rollout = $1';
const CREATE = `INSERT INTO rollout_state (rollout, revision, state, intent, settled, unconfirmed, legacy_baseline)
  VALUES ($1, $2 + 1, $3, $4, $5, $6, $7)
  ON CONFLICT (rollout) DO NOTHING`;
const SAVE = `UPDATE rollout_state
  SET revision = $2 + 1, state = $3, intent = $4, settled = $5, unconfirmed = $6, legacy_baseline = $7,
    updated_at = clock_timestamp()
  WHERE rollout = $1 AND revision = $2`;
const APPEND = `INSERT INTO rollout_events (event_id, rollout, happened_at, kind, from_percent, to_percent, actor, text, details)
  SELECT event_id, $1, to_timestamp(at_ms / 1000.0), kind, from_percent, to_percent, actor, text, details
  FROM jsonb_to_recordset($2::jsonb)
    AS event (event_id uuid, at_ms double precision, kind text, from_percent integer, to_percent integer, actor text, text text, details jsonb)
  ON CONFLICT (event_id) DO NOTHING`;
const HISTORY = `SELECT id, event_id, happened_at, kind, from_percent, to_percent, actor, text, details
  FROM rollout_events WHERE rollout = $1 ORDER BY happened_at DESC, id DESC LIMIT $2`;
const ALERTS = `SELECT fingerprint, name, starts_at, summary, resolved_at IS NOT NULL AS resolved FROM rollout_alerts
  WHERE rollout = $1 AND (resolved_at IS NULL OR resolved_at > clock_timestamp() - interval '1 day')
  ORDER BY resolved, starts_at LIMIT 1000`;
/** A firing that was resolved stays so: a late repeat of it does not wake it. */
const KEEP_ALERT = `INSERT INTO rollout_alerts (rollout, fingerprint, starts_at, name, summary, resolved_at)
  VALUES ($1, $2, $3, $4, $5, CASE WHEN $6 THEN clock_timestamp() END)
  ON CONFLICT (rollout, fingerprint, starts_at)
  DO UPDATE SET resolved_at = coalesce(rollout_alerts.resolved_at, excluded.resolved_at)`;
const RESOLVE_OLDER = `UPDATE rollout_alerts SET resolved_at = clock_timestamp()
  WHERE rollout = $1 AND fingerprint = $2 AND starts_at < $3 AND resolved_at IS NULL`;

type StateRow = {
  readonly revision: string;
  readonly settled: boolean;
  readonly state: unknown;
  readonly intent: unknown;
  readonly unconfirmed: unknown;
  readonly legacy_baseline: unknown;
};
type EventRow = {
  readonly id: string;
  readonly event_id: string;
  readonly happened_at: Date;
  readonly kind: string;
  readonly from_percent: number | null;
  readonly to_percent: number | null;
  readonly actor: string;
  readonly text: string;
  readonly details: unknown;
};

const Milliseconds = Type.Number();
const Saved = Type.Object({
  state: State,
  intent: orNull(State),
  unconfirmed: orNull(
    Type.Object({
      percent: PercentNumber,
      lowers: Type.Boolean(),
      seenAtMs: Milliseconds,
      writtenAtMs: Milliseconds,
      waitingFor: Type.Optional(Type.Array(Type.String())),
    }),
  ),
});
const checkSaved = compile(Saved);
const checkBaseline = compile(Type.Record(Type.String(), SavedCounts));

/** The journal of one rollout, in tables `rollout_state` and `rollout_events`. */
export function createJournal(pool: Pool, rollout: string): Journal {
  return {
    load: async () => {
      const { rows } = await pool.query<StateRow>(LOAD, [rollout]);
      const [row] = rows;
      if (row === undefined) {
        return undefined;
      }
      const { revision, settled } = row;
      const saved = checkSaved(row);
      if (!saved.ok) {
        throw new Error(`it holds a state that this version does not know: ${unknownIn(row, saved.wrong[0])}`);
      }
      const { state, intent, unconfirmed } = saved.value;
      const baseline = checkBaseline(row.legacy_baseline);
      return {
        revision: Number(revision),
        state,
        intent: intent ?? undefined,
        settled,
        unconfirmed: unconfirmed ?? undefined,
        // Another version's is left: the rollout goes on without, and holds where it needs one.
        legacyBaseline: baseline.ok ? baseline.value : undefined,
      };
    },
    save: async ({ revision, state, intent, settled, unconfirmed, legacyBaseline }: SavedRollout) => {
      const values = [
        rollout,
        revision,
        toJsonb(state),
        toJsonb(intent) ?? null,
        settled,
        toJsonb(unconfirmed) ?? null,
        toJsonb(legacyBaseline) ?? null,
      ];
      const { rowCount } = await pool.query(revision === 0 ? CREATE : SAVE, values);
      return rowCount === 1;
    },
    append: async (events) => {
      const rows = events.map(({ eventId, atMs, kind, from, to, actor, text, details }) => ({
        event_id: eventId,
        at_ms: atMs,
        kind,
        from_percent: from,
        to_percent: to,
        actor,
        text,
        details,
      }));
      await pool.query(APPEND, [rollout, toJsonb(rows)]);
    },
    alerts: async () => {
      const { rows } = await pool.query(ALERTS, [rollout]);
      return rows.map(({ fingerprint, name, starts_at, summary, resolved }) => ({
        status: resolved ? 'resolved' : 'firing',
        alert: { fingerprint, name, startsAtMs: starts_at.getTime(), summary },
      }));
    },
    keepAlerts: async (changes) => {
      for (const { status, alert } of changes) {
        const startsAt = new Date(alert.startsAtMs);
        const isResolved = status === 'resolved';
        await pool.query(KEEP_ALERT, [rollout, alert.fingerprint, startsAt, alert.name, alert.summary, isResolved]);
        await pool.query(RESOLVE_OLDER, [rollout, alert.fingerprint, startsAt]);
      }
    },
  };
}

/** The column that does not fit, and what is in it. */
function unknownIn(row: StateRow, { at: [column = ''] }: Wrong): string {
  return `${column} is ${shown(row[column as keyof StateRow])}`;
}

/** What the journal of a rollout has, the newest first, of every version that wrote there. */
export function createHistory(pool: Pool, rollout: string): History {
  return async (limit) => {
    const { rows } = await pool.query<EventRow>(HISTORY, [rollout, limit]);
    return rows.map((row) => ({
      id: row.id,
      eventId: row.event_id,
      atMs: row.happened_at.getTime(),
      from: row.from_percent,
      to: row.to_percent,
      actor: row.actor,
      text: row.text,
      ...readEvent(row.kind, row.details),
    }));
  };
}
