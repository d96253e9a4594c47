import type { Pool } from 'pg';
import { toJsonb } from '../../kit/postgres/jsonb.ts';
import { fromSaved, type SavedCounts, toSaved } from '../../rollout/saved-counts.ts';
import type { MeasurementStore } from '../engine/ports.ts';

type Measurement = Parameters<MeasurementStore['append']>[0][number];

const APPEND = `INSERT INTO rollout_measurements (rollout, from_at, until_at, percent, measured)
  SELECT $1, to_timestamp(from_ms / 1000.0), to_timestamp(until_ms / 1000.0), percent, measured
  FROM jsonb_to_recordset($2::jsonb)
    AS row (from_ms double precision, until_ms double precision, percent integer, measured jsonb)
  ON CONFLICT (rollout, from_at) DO NOTHING`;
const SINCE = `SELECT from_at, until_at, percent, measured FROM rollout_measurements
  WHERE rollout = $1 AND from_at >= to_timestamp($2 / 1000.0) ORDER BY from_at`;
const FORGET = 'DELETE FROM rollout_measurements WHERE rollout = $1 AND until_at < to_timestamp($2 / 1000.0)';

type Stored = { readonly domain: SavedCounts; readonly legacy: SavedCounts } & Pick<
  Measurement,
  'fallbacks' | 'replicas'
> & { readonly cpuSeconds?: number; readonly residentBytes?: number };

/** The measurements of one rollout, in table `rollout_measurements`. */
export function createMeasurementStore(pool: Pool, rollout: string): MeasurementStore {
  return {
    append: async (measurements) => {
      const rows = measurements.map(({ fromMs, untilMs, percent, domain, legacy, ...rest }) => ({
        from_ms: fromMs,
        until_ms: untilMs,
        percent,
        measured: { ...rest, domain: toSaved(domain), legacy: toSaved(legacy) },
      }));
      await pool.query(APPEND, [rollout, toJsonb(rows)]);
    },
    since: async (fromMs) => {
      const { rows } = await pool.query(SINCE, [rollout, fromMs]);
      return rows.map(({ from_at, until_at, percent, measured }): Measurement => {
        const { domain, legacy, fallbacks, cpuSeconds, residentBytes, replicas }: Stored = measured;
        return {
          fromMs: from_at.getTime(),
          untilMs: until_at.getTime(),
          percent,
          domain: fromSaved(domain),
          legacy: fromSaved(legacy),
          fallbacks,
          cpuSeconds,
          residentBytes,
          replicas,
        };
      });
    },
    forgetBefore: async (atMs) => {
      await pool.query(FORGET, [rollout, atMs]);
    },
  };
}
