import { describeMeasurement, type MeasurementsAnswer } from '../../contract/measurements.ts';
import { describeEvent, type HistoryAnswer } from '../../contract/schemas.ts';
import type { Clock } from '../../kit/time.ts';
import type { Plan } from '../../rollout/plan.ts';
import { evidenceOf } from '../engine/stage-evidence.ts';
import { writeReport } from '../report/document.ts';
import { ofThisRollout } from '../report/facts.ts';
import type { KnownEvents } from './known-events.ts';
import type { KnownMeasurements } from './known-measurements.ts';
import type { Job, Now, Question } from './question.ts';

/** More than a rollout of weeks has. */
const MOST_REPORTED_EVENTS = 10_000;

type AnswersParts = {
  readonly plan: Plan;
  readonly events: Pick<KnownEvents, 'newest'>;
  readonly measurements: Pick<KnownMeasurements, 'load' | 'since' | 'total' | 'isComplete'>;
  readonly clock: Pick<Clock, 'now'>;
};

/** @returns what answers a question with the text that its reader gets. */
export function createAnswers(parts: AnswersParts): (job: Job) => Promise<string> {
  const { events, measurements } = parts;
  return async ({ question, now }) => {
    switch (question.kind) {
      case 'history': {
        const { events: newest, journal } = await events.newest(question.limit);
        return JSON.stringify({ events: newest.map(describeEvent), journal } satisfies HistoryAnswer);
      }
      case 'measurements':
        await measurements.load();
        return JSON.stringify({
          complete: measurements.isComplete(),
          points: measurements.since(question.fromMs).map(describeMeasurement),
        } satisfies MeasurementsAnswer);
      case 'report':
        await measurements.load();
        return report(parts, question, now as Now);
    }
  };
}

async function report(
  { plan, events, measurements, clock }: AnswersParts,
  options: Extract<Question, { kind: 'report' }>,
  { status, state, verdicts }: Now,
): Promise<string> {
  const { events: newest } = await events.newest(MOST_REPORTED_EVENTS);
  const ours = ofThisRollout(newest.map(describeEvent));
  const since = ours[0] === undefined ? clock.now() : Date.parse(ours[0].at);
  const facts = {
    at: new Date(clock.now()).toISOString(),
    endpoint: plan.endpoint ?? null,
    status,
    events: ours,
    points: measurements.since(since).map(describeMeasurement),
  };
  return writeReport(facts, evidenceOf(plan, state, verdicts, measurements), options);
}
