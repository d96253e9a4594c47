import { formatDuration } from '../../contract/wording/format.ts';
import type { Clock } from '../../kit/time.ts';
import { renderStatus, signatureOf } from '../render/status.ts';
import type { Output } from '../terminal/output.ts';
import { hanging, printable } from '../terminal/text.ts';
import type { Frames, Look } from './watch.ts';

const ESC = '\u001b[';
const HIDE_CURSOR_AND_CUT_LINES = `${ESC}?25l${ESC}?7l`;
const SHOW_CURSOR_AND_WRAP_LINES = `${ESC}?7h${ESC}?25h`;
/** The terminal shows what is between them at once, where it knows them. */
const BEGIN = `${ESC}?2026h`;
const END = `${ESC}?2026l`;

/** Redraws in place on a terminal; elsewhere, and as JSON, writes one frame for each change. */
export function createFrames(output: Output, json: boolean, clock: Pick<Clock, 'monotonic'>): Frames & Disposable {
  return output.isTerminal && !json ? createScreen(output, clock) : createLog(output, json);
}

function createScreen({ out, paint, size }: Output, clock: Pick<Clock, 'monotonic'>): Frames & Disposable {
  let isFirst = true;
  return {
    show: (look) => {
      const { columns, rows } = size();
      const frame = fit(
        [...renderOutage(look, columns, clock.monotonic()).map(paint.red), ...lines(look, columns)],
        rows - 1,
      );
      const clear = isFirst ? `${HIDE_CURSOR_AND_CUT_LINES}${ESC}2J` : '';
      isFirst = false;
      // From the top, each line cleared behind its end, then all below: nothing is blank in between.
      out(`${BEGIN}${clear}${ESC}H${frame.map((line) => `${line}${ESC}K\n`).join('')}${ESC}J${END}`);
    },
    [Symbol.dispose]: () => {
      if (!isFirst) {
        out(SHOW_CURSOR_AND_WRAP_LINES);
      }
    },
  };

  function lines({ status }: Look, columns: number): string[] {
    return renderStatus(printable(status), { paint, columns }).split('\n');
  }
}

/** Too many lines lose the empty ones first, then the last ones. */
export function fit(lines: readonly string[], rows: number): string[] {
  const dense = lines.length <= rows ? [...lines] : lines.filter((line) => line !== '');
  if (dense.length <= rows) {
    return dense;
  }
  const kept = dense.slice(0, Math.max(1, rows - 1));
  return [...kept, `… ${dense.length - kept.length} more lines: make the window taller`];
}

function renderOutage({ outage }: Look, columns: number, nowMs: number): string[] {
  if (outage === undefined) {
    return [];
  }
  const lasts = formatDuration(nowMs - outage.sinceMs, 'en');
  return hanging(
    '✖ ',
    `${printable(outage.why)} What follows is at least ${lasts} old. Reconnecting …`,
    columns,
  ).concat('');
}

function createLog({ out, err, paint, size }: Output, json: boolean): Frames & Disposable {
  let shown: string | undefined;
  let isAway = false;
  return {
    show: ({ status, outage }) => {
      if (outage !== undefined) {
        if (!isAway) {
          err(`${printable(outage.why)} Waiting for it.\n`);
        }
        isAway = true;
        return;
      }
      if (isAway) {
        err('The controller is back.\n');
      }
      isAway = false;
      const signature = signatureOf(status);
      if (signature === shown) {
        return;
      }
      const frame = json
        ? JSON.stringify(status)
        : `${renderStatus(printable(status), { paint, columns: size().columns })}\n`;
      out(`${frame}\n`);
      shown = signature;
    },
    [Symbol.dispose]: () => {},
  };
}
