import type { Pool } from 'pg';

/** Whether the database answers now. Probes that come while one is under way share its answer. */
export function createReadiness(control: Pool): () => Promise<boolean> {
  let underWay: Promise<boolean> | undefined;
  return () => {
    underWay ??= control
      .query('SELECT 1')
      .then(
        () => true,
        () => false,
      )
      .finally(() => {
        underWay = undefined;
      });
    return underWay;
  };
}
