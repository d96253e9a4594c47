import exec from 'k6/execution';
import http from 'k6/http';
import { Counter } from 'k6/metrics';
import { readSeconds, readWhole } from './lib/bounds.ts';
import { differences, FIELDS, type Violation } from './lib/compare.ts';
import { countOf, type K6Data } from './lib/k6-data.ts';
import { byName, count } from './lib/metrics.ts';
import { RECORDS, statusOfTurn } from './lib/records.ts';
import { report } from './lib/report.ts';
import { sendUpdate, violationUrl } from './lib/request.ts';
import { turns } from './lib/shapes.ts';
import { readBaseUrls } from './lib/targets.ts';
import { NONE, SOME, TREND_STATS, thresholds } from './lib/thresholds.ts';

// Each virtual user owns some violations, writes them, reads them back and compares. Nobody else may write them meanwhile:
// what a read-back has that its owner did not write is a difference, and so is a version that grew by more than one.

const MOST_CLIENTS = 50;
const MOST_TURNS = 2_000;
const RECORDS_EACH = RECORDS / MOST_CLIENTS;

const targets = readBaseUrls(__ENV);
const clients = readWhole('CLIENTS', __ENV.CLIENTS || '10', { lowest: 1, highest: MOST_CLIENTS });
const turnsEach = readWhole('TURNS', __ENV.TURNS || '100', { lowest: 1, highest: MOST_TURNS });
const seconds = readSeconds('DURATION', __ENV.DURATION || '2m');

const compared = new Counter('compared');
const unread = new Counter('unread');
const differing = byName(FIELDS, (field) => new Counter(`${field}_differences`));

export const options = {
  scenarios: { consistency: turns('writeAndReadBack', { clients, turnsEach, seconds }) },
  thresholds: {
    ...thresholds({ overload: 'fails' }),
    compared: SOME,
    unread: NONE,
    ...Object.fromEntries(FIELDS.map((field) => [`${field}_differences`, NONE])),
  },
  summaryTrendStats: TREND_STATS,
};

/** Of this virtual user: its violations as it saw them last. */
const known = new Map<number, Violation>();

export function writeAndReadBack() {
  const client = exec.vu.idInTest;
  const turn = exec.vu.iterationInScenario;
  const id = (client - 1) * RECORDS_EACH + (turn % RECORDS_EACH) + 1;
  const before = known.get(id) ?? readBack(id, turn);
  if (before === undefined) {
    return;
  }
  const expected: Violation = {
    // Shifted in each round, so that a violation gets another status each time.
    status: statusOfTurn(turn + Math.floor(turn / RECORDS_EACH)),
    notes: `turn ${turn} & 100 % + “状态” ${exec.scenario.startTime}`,
    handled_by: `k6 client ${client}`,
    version: before.version + 1,
  };
  const target = targetOf(turn);
  const answer = sendUpdate({
    target,
    id,
    ...expected,
    handledBy: `k6 client ${client}`,
    notes: String(expected.notes),
  });
  count(answer);
  known.delete(id);
  if (answer.outcome !== 'updated') {
    return;
  }
  // By another replica than the one that wrote it, where there are several.
  const after = readBack(id, turn + 1);
  if (after !== undefined) {
    compare(id, expected, after);
    known.set(id, after);
  }
}

function readBack(id: number, turn: number): Violation | undefined {
  const response = http.get(violationUrl(targetOf(turn), id), { timeout: '10s', tags: { name: 'read-back' } });
  if (response.status !== 200) {
    unread.add(1);
    return undefined;
  }
  return response.json() as Violation;
}

function compare(id: number, expected: Violation, actual: Violation): void {
  compared.add(1);
  for (const field of differences(expected, actual)) {
    differing[field].add(1);
    console.error(
      `violation ${id}: ${field} is ${JSON.stringify(actual[field])}, written ${JSON.stringify(expected[field])}`,
    );
  }
}

const targetOf = (turn: number) => targets[turn % targets.length] as string;

export function handleSummary(data: K6Data) {
  const fields = byName(FIELDS, (field) => countOf(data, `${field}_differences`));
  const findings = { compared: countOf(data, 'compared'), unread: countOf(data, 'unread'), differences: fields };
  const differences = FIELDS.map((field) => `${field} ${fields[field]}`).join(', ');
  const lines = [`compared ${findings.compared}, not readable ${findings.unread}; differences: ${differences}`];
  return report({ script: 'consistency', data, findings, lines });
}
