import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import Router from '@koa/router';
import Koa from 'koa';
import pg from 'pg';
import { parametersReader } from '../../src/kit/http/parameters.ts';
import { ViolationPath } from '../../src/violations/http/common.ts';
import { UpdateParameters } from '../../src/violations/http/update-status.ts';
import type { StatusUpdate } from '../../src/violations/violation.ts';
import { ViolationService } from '../../src/violations/violation-service.ts';
import { LEGACY_UPDATE } from '../../src/violations/writes/database-service.ts';
import { PostgreSQLDetectionRepository } from '../../src/violations/writes/detection-repository.ts';
import { createSessions } from '../../src/violations/writes/sessions.ts';

/**
 * The smallest honest competitor: the same URL, validation and answer. Nothing decides, counts, logs or ends what takes too long.
 * Environment: PORT, DATABASE_URL, DATABASE_POOL, and WRITE: `plain` is one UPDATE, `history` one statement with the history row,
 * `transaction` the domain's own two round trips. IPC: any message is answered with the heap in use.
 */
const PLAIN_UPDATE = `
  UPDATE violations
  SET status = $2, notes = COALESCE($3, notes), handled_by = COALESCE($4, handled_by),
      handled_at = GREATEST(clock_timestamp(), handled_at), version = version + 1
  WHERE id = $1`;

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: Number(process.env.DATABASE_POOL) });
const repository = new PostgreSQLDetectionRepository(createSessions(pool), () => {});
const domain = new ViolationService(repository);
const never = new AbortController().signal;

/** @returns whether there was such a record. */
async function write(update: StatusUpdate): Promise<boolean> {
  const change = [update.violationId, update.status, update.notes ?? null, update.handledBy ?? null];
  switch (process.env.WRITE) {
    case 'transaction':
      return (await domain.updateStatus(update, never)).kind === 'updated';
    case 'history': {
      const values = [...change, update.writeId, update.requestId];
      return (await pool.query({ name: 'history', text: LEGACY_UPDATE, values })).rowCount === 1;
    }
    default:
      return (await pool.query({ name: 'plain', text: PLAIN_UPDATE, values: change })).rowCount === 1;
  }
}

const readUpdate = parametersReader(ViolationPath, UpdateParameters);
const router = new Router();
router.put('/api/v1/records/violations/:violation_id/status', async (ctx) => {
  const parsed = readUpdate(ctx.params, ctx.querystring);
  if (!parsed.ok) {
    ctx.status = 400;
    ctx.body = { errors: parsed.errors };
    return;
  }
  const { violation_id: violationId } = parsed.value.params;
  const { status, notes, handled_by: handledBy } = parsed.value.query;
  const ids = { requestId: randomUUID(), writeId: randomUUID() };
  const isThere = await write({
    violationId,
    status,
    ...(notes !== undefined && { notes }),
    ...(handledBy !== undefined && { handledBy }),
    ...ids,
  });
  if (!isThere) {
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
