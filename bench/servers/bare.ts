import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import Router from '@koa/router';
import Koa from 'koa';
import pg from 'pg';
import { parseUpdate } from '../../src/http/parameters.ts';
import { LEGACY_UPDATE } from '../../src/postgres/database-service.ts';

/**
 * The smallest honest competitor: the same URL, validation and answer, and one statement. Nothing decides, counts or logs.
 * Environment: PORT, DATABASE_URL, DATABASE_POOL, HISTORY (`true` writes the history row too). IPC: any message is
 * answered with the heap in use.
 */
const PLAIN_UPDATE = `
  UPDATE violations
  SET status = $2, notes = COALESCE($3, notes), handled_by = COALESCE($4, handled_by),
      handled_at = GREATEST(clock_timestamp(), handled_at), version = version + 1
  WHERE id = $1`;

const withHistory = process.env.HISTORY === 'true';
const statement = withHistory ? { name: 'history', text: LEGACY_UPDATE } : { name: 'plain', text: PLAIN_UPDATE };
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: Number(process.env.DATABASE_POOL) });

const router = new Router();
router.put('/api/v1/records/violations/:violation_id/status', async (ctx) => {
  const parsed = parseUpdate(ctx.params.violation_id as string, ctx.querystring);
  if (!parsed.ok) {
    ctx.status = 400;
    ctx.body = { errors: parsed.errors };
    return;
  }
  const { violationId, status, notes, handled_by: handledBy } = parsed.value;
  const change = [violationId, status, notes ?? null, handledBy ?? null];
  const values = withHistory ? [...change, randomUUID(), randomUUID()] : change;
  const { rowCount } = await pool.query({ ...statement, values });
  if (rowCount !== 1) {
    ctx.status = 404;
    return;
  }
  ctx.type = 'application/json';
  ctx.body = JSON.stringify({ ok: true, violation_id: JSON.rawJSON(violationId), status });
});

const server = createServer(new Koa().use(router.routes()).callback());
server.listen(Number(process.env.PORT), '127.0.0.1');
await once(server, 'listening');
process.on('message', () => process.send?.({ heapUsedBytes: process.memoryUsage().heapUsed }));
process.once('SIGTERM', () => process.exit(0));
