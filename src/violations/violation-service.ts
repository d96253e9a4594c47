import type { StatusUpdate, UpdateOutcome, Violation } from './violation.ts';
import { applyStatusUpdate } from './violation.ts';

/** What a violation becomes, given the locked record and the time of the database. */
export type StatusRule = (before: Violation, now: Date) => Violation;

/** Repository knows how to change one violation in one transaction, applying `rule` to the locked row. */
export type DetectionRepository = {
  /**
   * @returns whether it updated; false means that there is no such violation.
   * @throws whatever kept it from committing, or from knowing that it did. Once `signal` is aborted it begins nothing
   * more; a commit already sent may still land, which is for the caller to look up by the update's write id.
   */
  updateViolationStatus(update: StatusUpdate, rule: StatusRule, signal: AbortSignal): Promise<boolean>;
};

/** The domain's implementation of the status update. */
export class ViolationService {
  readonly #repository: DetectionRepository;

  constructor(repository: DetectionRepository) {
    this.#repository = repository;
  }

  async updateStatus(update: StatusUpdate, signal: AbortSignal): Promise<UpdateOutcome> {
    const rule: StatusRule = (before, now) => applyStatusUpdate(before, update, now);
    const updated = await this.#repository.updateViolationStatus(update, rule, signal);
    return updated ? { kind: 'updated' } : { kind: 'not-found' };
  }
}
