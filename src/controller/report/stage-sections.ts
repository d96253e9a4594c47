import type { StatusAnswer } from '../../contract/schemas.ts';
import { formatCount, formatDuration, formatTime, formatValue, type Language } from '../../contract/wording/format.ts';
import { TEXTS } from '../../contract/wording/texts.ts';
import { type Block, heading, table } from './blocks.ts';
import type { StageRecord } from './facts.ts';
import { markOfChecks, markOfStage, markOfVerdict } from './marks.ts';
import { REPORT_TEXTS } from './texts.ts';

/** One section for each stage of the plan, also of those ahead: what has not happened is shown as such. */
export function stageSections(
  records: readonly StageRecord[],
  { readsNoReplicas }: Pick<StatusAnswer, 'readsNoReplicas'>,
  language: Language,
): Block[] {
  const texts = REPORT_TEXTS[language];
  return records.flatMap((record) => {
    const { percent, observeMs, needsApproval, state, entered, left, confirmedAt, evidence, checks, servedItsTime } =
      record;
    const at = (iso: string | undefined) => (iso === undefined ? '⏳' : formatTime(iso, 'UTC'));
    const unconfirmed = entered !== undefined && readsNoReplicas ? TEXTS[language].noReplicasRead : '⏳';
    const count = (result: string) => checks.filter((check) => check.result === result).length;
    const rows = [
      [texts.state, `${markOfStage(record)} ${texts.states[state]}`],
      [texts.settings, texts.stageSettings(formatDuration(observeMs, language), needsApproval)],
      [texts.verificationTime, entered === undefined ? '⏳' : `${at(entered.at)} – ${at(left?.at)}, ${entered.actor}`],
      [texts.percentServed, confirmedAt === undefined ? unconfirmed : `✅ ${at(confirmedAt)}`],
      [
        texts.window,
        evidence?.healthyMs == null
          ? '⏳'
          : `${servedItsTime || evidence.healthyMs >= observeMs ? '✅' : state === 'underway' ? '⏳' : '❌'} ${texts.observed(formatDuration(evidence.healthyMs, language), formatDuration(observeMs, language))}`,
      ],
      [
        texts.verified,
        checks.length === 0
          ? `⏳ ${texts.noChecks}`
          : `${markOfChecks(checks)} ${texts.checkCounts(count('passed'), count('failed'), count('skipped'))}`,
      ],
    ];
    return [
      heading(3, texts.stage(percent)),
      table([texts.what, texts.value], rows),
      ...(evidence === undefined || evidence.verdicts.length === 0
        ? []
        : [
            table(
              [texts.guards, texts.value, texts.limit, texts.samples, texts.result],
              evidence.verdicts.map((verdict) => [
                `${verdict.guard} (${verdict.source})`,
                formatValue(verdict),
                verdict.limitText,
                formatCount(verdict.samples),
                `${markOfVerdict(verdict)} ${verdict.detail}`.trim(),
              ]),
            ),
          ]),
    ];
  });
}
