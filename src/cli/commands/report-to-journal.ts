import type { Check } from '../../consistency/check.ts';
import type { Finding } from '../../consistency/finding.ts';
import type { ApiClient } from '../../contract/client.ts';
import type { ConsistencyRequest } from '../../contract/schemas.ts';
import { CliError } from '../exit-codes.ts';

const MOST_EXAMPLES = 20;

/** The rollout that the controller steers, or why it does not report: the check can be made all the same. */
export async function steeredRollout(client: Pick<ApiClient, 'status'>, stop: AbortSignal): Promise<string | CliError> {
  try {
    return (await client.status()).rollout;
  } catch (error) {
    if (error instanceof CliError && !stop.aborted) {
      return error;
    }
    throw error;
  }
}

type JournalReport = {
  readonly client: Pick<ApiClient, 'consistencyChecked'>;
  readonly steered: string | CliError;
  /** Whose data was checked. */
  readonly rollout: string;
  readonly request: ConsistencyRequest;
};

/** @returns whether the journal has it, in words. */
export async function reportToJournal({ client, steered, rollout, request }: JournalReport): Promise<string> {
  if (steered instanceof CliError) {
    return notKept(steered.message);
  }
  if (steered !== rollout) {
    return notKept(`the check is of ${rollout}, and this controller steers ${steered}`);
  }
  return reportKept(() => client.consistencyChecked(request));
}

export function requestOf({ id, since, progress }: Check, findings: readonly Finding[], actor: string) {
  const { records, changes, findings: count } = progress;
  const examples = findings
    .slice(0, MOST_EXAMPLES)
    .map(({ violationId, kind, field }) => ({ violation_id: violationId, kind, field }));
  return { actor, check: id, since, records, changes, findings: count, examples } satisfies ConsistencyRequest;
}

/** What was found stands also where the journal cannot have it; nobody may take it for kept then. */
export async function reportKept(report: () => Promise<unknown>): Promise<string> {
  try {
    await report();
    return 'the journal has it';
  } catch (error) {
    if (error instanceof CliError) {
      return notKept(error.message);
    }
    throw error;
  }
}

export const notKept = (why: string): string => `NOT in the journal: ${why.replace(/\.$/, '')}`;
