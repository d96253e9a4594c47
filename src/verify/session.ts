import type { Clock } from '../kit/time.ts';
import type { Path } from '../routing/path.ts';
import { idFor, type Served, takes, type VerifyRecords } from './records.ts';
import { type CheckResult, skipPath, verifyPath } from './run.ts';
import type { Subject } from './subject.ts';
import type { Target } from './target.ts';

/** A replica reads a sample of its writes back right after their answers, and would miss what is removed at once. */
const SETTLE_MS = 200;

/** What keeps the checks from being made, or from being made undone. */
export class VerifyError extends Error {
  override readonly name = 'VerifyError';
  readonly kind: 'unreachable' | 'interrupted' | 'left-behind';

  constructor(kind: VerifyError['kind'], message: string) {
    super(message);
    this.kind = kind;
  }
}

type Session = {
  readonly target: Target;
  readonly records: VerifyRecords;
  /** A record to use for both paths; undefined has one made for each. */
  readonly record: string | undefined;
  readonly paths: readonly Path[];
  readonly rollout: string;
  /** Undefined where nobody says: only what is asked for by force_domain can be checked then. */
  readonly served: Served | undefined;
  readonly report: (result: CheckResult) => void;
  readonly stop: AbortSignal;
  readonly clock: Clock;
};

/**
 * Makes the checks of each path. Leaves neither a record nor a fault behind, also where it is interrupted.
 * @throws VerifyError
 */
export async function verifyService(session: Session): Promise<void> {
  const { target, records, paths, rollout, served, report, stop, clock } = session;
  const mayForce = await isForceAllowed(target, idFor('legacy', rollout));
  const plans = paths.map((path) => {
    const id = session.record ?? idFor(path, rollout);
    const byBucket = takes(path, rollout, id, served);
    const subject: Subject = {
      target,
      clock,
      path,
      id,
      unknownId: idFor(path, rollout),
      force: byBucket ? '' : `force_domain=${path === 'domain'}`,
    };
    return { subject, reachable: byBucket || mayForce };
  });
  const ids = Array.from(new Set(plans.filter(({ reachable }) => reachable).map(({ subject }) => subject.id)));
  try {
    await records.make(ids).catch((error: Error) => {
      throw new VerifyError('unreachable', `There is no record for the checks: ${error.message}.`);
    });
    for (const { subject, reachable } of plans) {
      await (reachable
        ? verifyPath(subject, report, stop)
        : skipPath(subject.path, `${whyNot(served, session.record)}, and FORCE_DOMAIN is not allowed`, report));
    }
    await clock.sleep(SETTLE_MS, stop);
    stop.throwIfAborted();
  } catch (error) {
    throw stop.aborted
      ? new VerifyError(
          'interrupted',
          'Interrupted: what was made for the checks is gone, and the journal has nothing.',
        )
      : error;
  } finally {
    await records.remove(ids).catch((error: Error) => {
      const what = `What the checks did to violations ${ids.join(', ')} could not be undone`;
      throw new VerifyError('left-behind', `${what}: ${error.message}.`);
    });
  }
}

function whyNot(served: Served | undefined, record: string | undefined): string {
  if (served === undefined) {
    return 'no replica reports what percent is served';
  }
  const percent = served.least === served.most ? served.least : `${served.least}–${served.most}`;
  return `at ${percent} % ${record === undefined ? 'no record takes it' : `record ${record} does not take it`}`;
}

async function isForceAllowed(target: Target, unknownId: string): Promise<boolean> {
  try {
    return (await target.update(unknownId, 'status=confirmed&force_domain=false')).status === 404;
  } catch (error) {
    throw new VerifyError('unreachable', `The service does not answer at --target: ${(error as Error).message}.`);
  }
}
