import type { Database } from '../system/database.ts';
import { foundByVerifier } from './verifier.ts';

const MOST_SHOWN = 20;

const DIFFERING = `
  SELECT v.id::text AS name FROM violations v
  LEFT JOIN (SELECT violation_id, count(*) AS changes FROM violation_status_history GROUP BY 1) c ON c.violation_id = v.id
  LEFT JOIN (
    SELECT DISTINCT ON (violation_id) * FROM violation_status_history ORDER BY violation_id, version DESC
  ) l ON l.violation_id = v.id
  WHERE v.version <> coalesce(c.changes, 0) OR (l.violation_id IS NOT NULL AND
    (v.status, v.notes, v.handled_by, v.handled_at) IS DISTINCT FROM
    (l.status_after, l.notes_after, l.handled_by_after, l.handled_at_after))
  LIMIT $1`;
const REPEATED = 'SELECT request_id AS name FROM violation_status_history GROUP BY 1 HAVING count(*) > 1 LIMIT $1';
const COUNT = 'SELECT count(*)::int AS changes FROM violation_status_history';

/** What is wrong with everything there is, at the end. @param changes how many the checks of the schedules saw in all. */
export async function checkWhole(database: Database, changes: number): Promise<readonly string[]> {
  const namesOf = async (sql: string) =>
    (await database.query<{ name: string }>(sql, [MOST_SHOWN])).map(({ name }) => name);
  const [counted] = await database.query<{ changes: number }>(COUNT);
  return [
    ...(await namesOf(DIFFERING)).map((id) => `at the end, record ${id} is not what its history says`),
    ...(await namesOf(REPEATED)).map((requestId) => `at the end, ${requestId} is in the history more than once`),
    ...(counted?.changes === changes
      ? []
      : [`at the end there are ${counted?.changes} changes; the schedules, when they were checked, had ${changes}`]),
    ...(await foundByVerifier(database, null)),
  ];
}
