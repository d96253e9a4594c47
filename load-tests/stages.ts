import { sleep } from 'k6';
import { Counter, Trend } from 'k6/metrics';
import { type Answer, PATHS } from './lib/answer.ts';
import { readChoice, readLoad, readWhole } from './lib/bounds.ts';
import { createClimb, describeClimb, readClimb, stageMetrics } from './lib/climb.ts';
import { createController, type Status, stageOf } from './lib/controller.ts';
import type { K6Data } from './lib/k6-data.ts';
import { byName, count } from './lib/metrics.ts';
import { type Update, updateOfTurn } from './lib/records.ts';
import { report } from './lib/report.ts';
import { sendUpdates } from './lib/request.ts';
import { createSettling } from './lib/settling.ts';
import { once } from './lib/shapes.ts';
import { readBaseUrls, readUrls } from './lib/targets.ts';
import { FAST, NONE, SOME, TREND_STATS, thresholds } from './lib/thresholds.ts';

// Begins the rollout and sends a steady load while the controller climbs. For each stage: the share of records that domain
// answered, by the header, and how fast both paths were. One virtual user sends everything and looks at the controller in
// between, so that it knows which answers belong to which stage.

const LOOK_EVERY_MS = 200;
const SETTLE_MS = 1_500;
/** A phase that stays for so long is no old look. */
const LASTING_MS = 3_000;
/** Fewer records say next to nothing of a share. */
const LEAST_RECORDS = 30;
/** How long the controller may not answer. */
const AWAY_MS = 30_000;
const SLOWEST_LOOK_SECONDS = 30;
const MOST_PER_SECOND = 200;

const targets = readBaseUrls(__ENV);
const load = readLoad(__ENV.RATE || '50', __ENV.DURATION || '10m');
readWhole('RATE', `${load.ratePerSecond}`, { lowest: 1, highest: MOST_PER_SECOND });
const [controllerUrl] = readUrls({
  name: 'CONTROLLER_URL',
  list: __ENV.CONTROLLER_URL,
  allowRemote: __ENV.ALLOW_REMOTE,
});
if (!__ENV.SLUICE_TOKEN) {
  throw new Error('SLUICE_TOKEN is missing; beginning a rollout needs the token of the controller.');
}
const controller = createController({ url: controllerUrl as string, token: __ENV.SLUICE_TOKEN });
const approves = readChoice('APPROVE', __ENV.APPROVE || 'no', ['yes', 'no']) === 'yes';
const percents = (__ENV.STAGES || '5,10,25,50,100')
  .split(',')
  .map((text) => readWhole('STAGES', text.trim(), { lowest: 1, highest: 100 }));

const completed = new Counter('completed');
const wentBack = new Counter('went_back');
const metrics = byName(percents, (percent) => {
  const names = stageMetrics(percent);
  return {
    records: new Counter(names.records),
    domainRecords: new Counter(names.domainRecords),
    offShare: new Counter(names.offShare),
    durationByPath: byName(PATHS, (path) => new Trend(names.durationOf(path), true)),
  };
});

export const options = {
  scenarios: { stages: once('climb', load.seconds + SLOWEST_LOOK_SECONDS) },
  thresholds: {
    ...thresholds({ overload: 'fails' }),
    completed: SOME,
    went_back: NONE,
    ...Object.fromEntries(
      percents
        .map(stageMetrics)
        .flatMap(({ records, offShare, durationOf }) => [
          [records, [`count>=${LEAST_RECORDS}`]],
          [offShare, NONE],
          ...PATHS.map((path) => [durationOf(path), FAST]),
        ]),
    ),
  },
  summaryTrendStats: TREND_STATS,
  batch: MOST_PER_SECOND,
  batchPerHost: MOST_PER_SECOND,
};

type Sent = { readonly update: Update; readonly answer: Answer };

/** Begins the rollout, or throws with the reason: k6 then sends nothing. */
export function setup(): void {
  const status = controller.status();
  if (status === undefined) {
    throw new Error(`${controllerUrl} does not answer; CONTROLLER_URL has to be the controller's address.`);
  }
  const planned = status.stages.map(({ percent }) => percent).join(',');
  if (planned !== percents.join(',')) {
    throw new Error(`The plan's stages are ${planned}; set STAGES=${planned}.`);
  }
  const refused = controller.command('start');
  if (refused !== undefined) {
    throw new Error(refused);
  }
}

export function climb() {
  const deadlineMs = Date.now() + load.seconds * 1_000;
  const batchSize = Math.ceil((load.ratePerSecond * LOOK_EVERY_MS) / 1_000);
  const batchMs = (batchSize / load.ratePerSecond) * 1_000;
  const settling = createSettling<Sent>(SETTLE_MS);
  const seen = createClimb();
  const progress = createProgress();
  for (let sent = 0; Date.now() < deadlineMs; sent += batchSize) {
    const startedAtMs = Date.now();
    const status = controller.status();
    if (progress(status, startedAtMs) === 'over') {
      break;
    }
    if (status !== undefined) {
      const stage = stageOf(status);
      settling.see(stage, startedAtMs).forEach((each) => void note(seen, stage as number, each));
    }
    const updates = Array.from({ length: batchSize }, (_, turn) => updateOfTurn(sent + turn, targets));
    sendUpdates(updates).forEach((answer, turn) => {
      count(answer);
      settling.add({ update: updates[turn] as Update, answer }, Date.now());
    });
    sleep(Math.max(0, startedAtMs + batchMs - Date.now()) / 1_000);
  }
  judge(seen);
}

/** Follows the phases, approves where it may, and says when nothing more is to come. */
function createProgress() {
  let seenAtMs = Date.now();
  let last: { readonly phase: string; readonly sinceMs: number } | undefined;
  return (status: Status | undefined, nowMs: number): 'under way' | 'over' => {
    if (status === undefined) {
      return nowMs - seenAtMs < AWAY_MS ? 'under way' : giveUp(`the controller has not answered for ${AWAY_MS} ms`);
    }
    seenAtMs = nowMs;
    const { phase, phrase, why } = status.state;
    last = last?.phase === phase ? last : { phase, sinceMs: nowMs };
    if (phase === 'awaiting-approval' && approves) {
      // Refused while a guard is not healthy; it is asked again with the next look.
      controller.command('approve');
    }
    // A controller that stands by is up to a second behind: one look is not the end. And the last stage's answers settle.
    if (phase === 'observing' || phase === 'awaiting-approval' || nowMs - last.sinceMs < LASTING_MS) {
      return 'under way';
    }
    if (phase !== 'complete') {
      return giveUp(`the climb ended: ${phrase}${why === null ? '' : `, ${why}`}`);
    }
    completed.add(1);
    return 'over';
  };
}

function giveUp(why: string): 'over' {
  console.error(why);
  return 'over';
}

function note(seen: ReturnType<typeof createClimb>, stage: number, { update, answer }: Sent): void {
  const { path, decision, outcome, durationMs } = answer;
  if (path === undefined || outcome !== 'updated') {
    return;
  }
  metrics[stage]?.durationByPath[path].add(durationMs);
  // What a breaker, a fallback or a ceiling decided says nothing of the stage.
  if (decision === 'rollout') {
    seen.note(stage, update.id, path);
  }
}

function judge(seen: ReturnType<typeof createClimb>): void {
  for (const percent of percents) {
    const share = seen.shareOf(percent);
    metrics[percent]?.records.add(share.records);
    metrics[percent]?.domainRecords.add(share.domainRecords);
    metrics[percent]?.offShare.add(share.isWithin ? 0 : 1);
  }
  wentBack.add(seen.wentBack());
}

export function handleSummary(data: K6Data) {
  const climbed = readClimb(data, percents);
  return report({ script: 'stages', data, findings: climbed, lines: describeClimb(climbed) });
}
