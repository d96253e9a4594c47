import { formatCount, formatPercent, formatTime, type Language } from '../../contract/wording/format.ts';
import { eventSentence, headline, whatNext } from '../../contract/wording/sentences.ts';
import { TEXTS } from '../../contract/wording/texts.ts';
import { isDecision, isMilestone } from '../../rollout/event.ts';
import type { StageEvidence } from '../../rollout/evidence-schema.ts';
import { type Block, heading, list, paragraph, table } from './blocks.ts';
import { charts } from './charts.ts';
import { criteria } from './criteria.ts';
import { type ReportFacts, stageRecords } from './facts.ts';
import { toHtml } from './html.ts';
import { toMarkdown } from './markdown.ts';
import { stageSections } from './stage-sections.ts';
import { consistencyTable, functionalTable, performanceTable } from './tables.ts';
import { REPORT_TEXTS } from './texts.ts';

/**
 * The team's progress report, every mark of it by evidence.
 * @param now what is known of the stage that is under way; undefined at 0 %.
 */
function buildReport(facts: ReportFacts, now: StageEvidence | undefined, language: Language): readonly Block[] {
  const texts = REPORT_TEXTS[language];
  const records = stageRecords(facts, now);
  return [
    heading(1, texts.title(facts.status.rollout)),
    paragraph(texts.madeAt(utc(facts.at))),
    ...overview(facts, language),
    ...endpoint(facts, language),
    heading(2, texts.stages),
    ...stageSections(records, facts.status, language),
    heading(2, texts.functional),
    functionalTable(records, texts),
    heading(2, texts.performance),
    performanceTable(records, texts),
    heading(2, texts.consistency),
    consistencyTable(records, texts),
    ...charts(facts, texts),
    ...technical(facts, language),
    ...rollback(facts, language),
    heading(2, texts.timetable),
    timetable(facts, language),
    heading(2, texts.criteria),
    criteria(facts, records, texts),
    heading(2, texts.next),
    paragraph(whatNext(facts.status, language)),
  ];
}

/** One report is read in many places: all its times are of one zone. */
const utc = (iso: string): string => formatTime(iso, 'UTC');

function overview({ status, events }: ReportFacts, language: Language): Block[] {
  const texts = REPORT_TEXTS[language];
  const [first, last] = [events[0], events.findLast(isDecision)];
  return [
    heading(2, texts.overview),
    table(
      [texts.what, texts.value],
      [
        [texts.state, headline(status, language)],
        [texts.began, first === undefined ? texts.noneYet : utc(first.at)],
        [texts.lastChange, last === undefined ? texts.noneYet : `${utc(last.at)}, ${last.actor}`],
      ],
    ),
  ];
}

function endpoint({ endpoint: name, status, events }: ReportFacts, language: Language): Block[] {
  const texts = REPORT_TEXTS[language];
  const { configured, served, wanted } = status;
  const percents = new Set(served.map(({ percent }) => (percent === null ? texts.unknown : formatPercent(percent))));
  return [
    heading(2, texts.endpointInformation),
    table(
      [texts.what, texts.value],
      [
        [texts.endpoint, name ?? texts.unknown],
        [texts.rollout, status.rollout],
        [texts.plan, plansOf(status, events).join(', ')],
        [texts.flag, status.flag],
        [texts.flagIn, `${configured.lever}: ${configured.where}`],
        [texts.percent, formatPercent(wanted)],
        [
          texts.percentServed,
          served.length === 0
            ? status.readsNoReplicas
              ? TEXTS[language].noReplicasRead
              : texts.unknown
            : `${[...percents].join(', ')} (${texts.replicas(served.length)})`,
        ],
      ],
    ),
  ];
}

/** By hash: those that decisions were made by, in their order, and the one there is now. */
function plansOf({ planHash }: ReportFacts['status'], events: ReportFacts['events']): readonly string[] {
  const decided = events.flatMap((event) => (isDecision(event) ? (event.details.plan ?? []) : []));
  return Array.from(new Set([...decided.filter((hash) => hash !== planHash), planHash]));
}

function technical({ status }: ReportFacts, language: Language): Block[] {
  const texts = REPORT_TEXTS[language];
  const confidence = formatPercent(status.confidence * 100);
  return [
    heading(2, texts.technical),
    list([...texts.notes, texts.confidence(confidence, formatCount(status.minSamples))]),
    heading(2, texts.risks),
    table([texts.risk, texts.mitigation], texts.riskRows),
  ];
}

function rollback({ events }: ReportFacts, language: Language): Block[] {
  const texts = REPORT_TEXTS[language];
  const made = events.filter(({ kind }) => kind === 'rolled-back');
  return [
    heading(2, texts.rollbackPlan),
    list([...texts.rollbackSteps, ...made.map(({ at, from, to }) => texts.rolledBack(utc(at), from ?? 0, to ?? 0))]),
  ];
}

function timetable({ events }: ReportFacts, language: Language): Block {
  const texts = REPORT_TEXTS[language];
  return table(
    [texts.time, texts.event, texts.actor],
    events
      .filter(({ kind }) => isMilestone(kind) || kind === 'confirmed')
      .map((event) => [utc(event.at), eventSentence(event, language), event.actor]),
  );
}

export type Format = 'md' | 'html';

/** @param now what is known of the stage that is under way; undefined at 0 %. */
export function writeReport(
  facts: ReportFacts,
  now: StageEvidence | undefined,
  { language, format }: { readonly language: Language; readonly format: Format },
): string {
  const blocks = buildReport(facts, now, language);
  return format === 'md' ? toMarkdown(blocks) : toHtml(blocks, language);
}
