import type { Check, Found } from '../../consistency/check.ts';
import type { ApiClient } from '../../contract/client.ts';
import type { ConsistencyRequest } from '../../contract/schemas.ts';
import { CliError } from '../exit-codes.ts';

const MOST_EXAMPLES = 20;

/** The rollout that a controller steers, and when it began: ISO 8601, null where nobody knows or none is under way. */
export type Steered = { readonly rollout: string; readonly began: string | null };

/** The rollout that the controller steers, or why it does not report: the check can be made all the same. */
export async function steeredRollout(
  client: Pick<ApiClient, 'status'>,
  stop: AbortSignal,
): Promise<Steered | CliError> {
  try {
    const { rollout, began = null } = await client.status();
    return { rollout, began };
  } catch (error) {
    if (error instanceof CliError && !stop.aborted) {
      return error;
    }
    throw error;
  }
}

type JournalReport = {
  readonly client: Pick<ApiClient, 'consistencyChecked'>;
  readonly steered: Steered | CliError;
  /** Whose data was checked. */
  readonly rollout: string;
  readonly request: ConsistencyRequest;
};

/** @returns whether the journal has it, in words. */
export async function reportToJournal({ client, steered, rollout, request }: JournalReport): Promise<string> {
  if (steered instanceof CliError) {
    return notKept(steered.message);
  }
  if (steered.rollout !== rollout) {
    return notKept(`the check is of ${rollout}, and this controller steers ${steered.rollout}`);
  }
  return reportKept(() => client.consistencyChecked(request));
}

export function requestOf(
  { id, since, progress }: Check,
  { findings, held }: Found,
  { actor, began }: { readonly actor: string; readonly began: string | null },
) {
  const { records, changes, findings: count } = progress;
  const examples = findings
    .slice(0, MOST_EXAMPLES)
    .map(({ violationId, kind, field }) => ({ violation_id: violationId, kind, field }));
  const request = {
    actor,
    check: id,
    since,
    records,
    changes,
    findings: count,
    held: { findings: held, began },
    examples,
  };
  return request satisfies ConsistencyRequest;
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
