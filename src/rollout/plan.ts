import { type Document, LineCounter, parseDocument } from 'yaml';
import { compile } from '../kit/schema.ts';
import { describeWrongs, lineAt, type Place, PlanError, type PlanProblem } from './plan-problems.ts';
import { PlanText } from './plan-schema.ts';
import type { Plan } from './plan-types.ts';
import { readPlan } from './read-plan.ts';

export type { Plan } from './plan-types.ts';

/** What 50 stages and 50 guards need many times over; the YAML parser takes a square of time for keys. */
const LARGEST_PLAN_BYTES = 32 * 1024;

const check = compile(PlanText);

/** @param file how errors name the plan. @throws PlanError naming each problem with its line. */
export function parsePlan(text: string, file = 'rollout.yaml'): Plan {
  if (text.length > LARGEST_PLAN_BYTES) {
    throw new PlanError(
      [{ line: 1, message: `a plan may have ${LARGEST_PLAN_BYTES} characters; got ${text.length}` }],
      file,
    );
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, maxAliasCount: 0 } as object);
  if (document.errors.length > 0) {
    throw new PlanError(
      document.errors.map(({ pos, message }) => ({
        line: lines.linePos(pos[0]).line,
        message: message.split('\n')[0]?.replace(/ at line \d+, column \d+:?$/, '') ?? 'no YAML',
      })),
      file,
    );
  }
  const lineOf = (place: Place) => lineAt(document, lines, place);
  const checked = check(toJs(document, file));
  if (!checked.ok) {
    throw new PlanError(describeWrongs(checked.wrong, lineOf), file);
  }
  const problems: PlanProblem[] = [];
  const plan = readPlan(checked.value, (place, message) => problems.push({ line: lineOf(place), message }));
  if (problems.length > 0) {
    throw new PlanError(
      problems.toSorted((a, b) => a.line - b.line),
      file,
    );
  }
  return plan;
}

function toJs(document: Document, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 0 });
  } catch (error) {
    throw new PlanError([{ line: 1, message: (error as Error).message }], file);
  }
}
