import type { Language } from '../console/wording/format.ts';
import type { StageEvidence } from '../control/stage-evidence.ts';
import { buildReport } from './document.ts';
import type { ReportFacts } from './facts.ts';
import { toHtml } from './html.ts';
import { toMarkdown } from './markdown.ts';

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
