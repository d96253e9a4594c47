import { checkConsistency } from '../../../src/consistency/check.ts';
import { openConsistencyStore } from '../../../src/consistency/sql/check-store.ts';
import type { Database } from '../system/database.ts';

const ROLLOUT = 'violation-status';
const MOST_SHOWN = 20;

/** What the shadow check of the replicas has found since it was last emptied. */
export async function foundByShadowCheck(database: Database): Promise<readonly string[]> {
  const mismatches = await database.query<{ request_id: string; field: string; expected: string; actual: string }>(
    'SELECT request_id, field, expected, actual FROM consistency_mismatches LIMIT $1',
    [MOST_SHOWN],
  );
  return mismatches.map(
    ({ request_id, field, expected, actual }) =>
      `the shadow check found a mismatch of ${field} in ${request_id}: ${expected} / ${actual}`,
  );
}

/** What Sluice's own verifier finds. @param since the database's time, as ISO 8601; null for everything there is. */
export async function foundByVerifier({ url }: Database, since: string | null): Promise<readonly string[]> {
  await using store = await openConsistencyStore(url);
  const check = await checkConsistency({
    store,
    check: await store.begin({ rollout: ROLLOUT, actor: 'fault suite', since }),
  });
  const { findings } = await store.found(check.id, MOST_SHOWN);
  return [
    ...(check.isFinished ? [] : ['the verifier did not finish']),
    ...findings.map(
      ({ kind, violationId, version, field, expected, actual }) =>
        `the verifier found ${kind} in change ${version} of record ${violationId}: ${field} ${expected} / ${actual}`,
    ),
  ];
}
