import { counted, formatCount, formatDuration } from '../../contract/wording/format.ts';
import { cut, widthOf } from './text.ts';

const REDRAW_MS = 100;
const LINE_MS = 10_000;
const MOST_CELLS = 24;
const CLEAR = '\r\u001b[K';

/** What is done, of about how many. */
export type Done = { readonly records: number; readonly findings: number; readonly aboutRecords: number };

type ProgressBarSettings = {
  readonly write: (text: string) => void;
  readonly isTerminal: boolean;
  readonly columns: () => number;
  readonly nowMs: () => number;
  /** Records that an earlier run has done: they say nothing of this one's rate. */
  readonly recordsBefore: number;
};

/** One line redrawn in place on a terminal; elsewhere a line each 10 seconds. */
export function createProgressBar({ write, isTerminal, columns, nowMs, recordsBefore }: ProgressBarSettings) {
  const beganMs = nowMs();
  let shownMs = isTerminal ? Number.NEGATIVE_INFINITY : beganMs;
  let isDrawn = false;
  return {
    show: (done: Done): void => {
      const now = nowMs();
      if (now - shownMs < (isTerminal ? REDRAW_MS : LINE_MS)) {
        return;
      }
      shownMs = now;
      const text = describeDone(done, { recordsBefore, elapsedMs: now - beganMs });
      write(isTerminal ? `${CLEAR}${withBar(text, done, columns())}` : `${text}\n`);
      isDrawn = isTerminal;
    },
    [Symbol.dispose]: (): void => {
      if (isDrawn) {
        write(CLEAR);
      }
    },
  };
}

/** `412,000 of about 1,000,000 records, 85,000 a second, 3 findings, 7 s left` */
export function describeDone(
  { records, findings, aboutRecords }: Done,
  { recordsBefore, elapsedMs }: { readonly recordsBefore: number; readonly elapsedMs: number },
): string {
  const perMs = elapsedMs > 0 ? (records - recordsBefore) / elapsedMs : 0;
  const parts = [
    // The database only guesses how many there are.
    `${formatCount(records)} of about ${formatCount(Math.max(records, Math.round(aboutRecords)))} records`,
    `${formatCount(Math.round(perMs * 1_000))} a second`,
    counted(findings, 'finding'),
  ];
  const leftMs = perMs > 0 ? (aboutRecords - records) / perMs : 0;
  return leftMs > 0 ? [...parts, `${formatDuration(leftMs, 'en')} left`].join(', ') : parts.join(', ');
}

/** Cut where the line would wrap: a wrapped one cannot be redrawn in place. */
function withBar(text: string, { records, aboutRecords }: Done, columns: number): string {
  const room = columns - 1 - widthOf(text) - 3;
  const cells = Math.min(MOST_CELLS, room);
  if (cells < 4) {
    return cut(text, columns - 1);
  }
  const share = aboutRecords > 0 ? Math.min(1, records / aboutRecords) : 1;
  const full = Math.floor(share * cells);
  return `[${'█'.repeat(full)}${'·'.repeat(cells - full)}] ${text}`;
}
