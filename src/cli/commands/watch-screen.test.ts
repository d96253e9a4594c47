import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createFakeClock } from '../../../test/support/fake-clock.ts';
import { eventFixture, statusFixture } from '../../../test/support/status-fixture.ts';
import type { StatusAnswer } from '../../contract/schemas.ts';
import { systemClock } from '../../kit/time.ts';
import { CliError, EXIT } from '../exit-codes.ts';
import { renderEvent } from '../render/history.ts';
import type { Output } from '../terminal/output.ts';
import { createPaint } from '../terminal/output.ts';
import { followHistory } from './follow.ts';
import { type Look, watchStatus } from './watch.ts';
import { createFrames, fit } from './watch-screen.ts';

function memoryOutput({ isTerminal = false, rows = 50 } = {}) {
  const written = { out: '', err: '' };
  const paint = createPaint(false);
  const output: Output = {
    out: (text) => {
      written.out += text;
    },
    err: (text) => {
      written.err += text;
    },
    isTerminal,
    size: () => ({ columns: 80, rows }),
    paint,
    paintErr: paint,
  };
  return { output, written };
}

const clock = createFakeClock();
const away: Look = {
  status: statusFixture(),
  outage: { sinceMs: clock.monotonic() - 5_000, why: 'It was not reached.' },
};

describe('on a terminal', () => {
  test('a frame is drawn over the last one without blanking it, and the cursor comes back at the end', () => {
    const { output, written } = memoryOutput({ isTerminal: true });
    {
      using frames = createFrames(output, false, clock);
      frames.show({ status: statusFixture() });
      written.out = '';
      frames.show({ status: statusFixture({ wanted: 50 }) });
      assert.ok(written.out.startsWith('\u001b[?2026h\u001b[H'), 'goes home');
      assert.ok(!written.out.includes('\u001b[2J'), 'clears no screen');
      assert.ok(written.out.endsWith('\u001b[J\u001b[?2026l'), 'clears what is below');
    }
    assert.ok(written.out.endsWith('\u001b[?7h\u001b[?25h'));
  });

  test('an outage stands above what was last known, with its age', () => {
    const { output, written } = memoryOutput({ isTerminal: true });
    using frames = createFrames(output, false, clock);
    frames.show(away);
    assert.match(written.out, /✖ It was not reached\. What follows is at least 5 s old/);
    assert.match(written.out, /observing 25 %/);
  });

  test('a frame that is too tall loses empty lines first, then its end, and says so', () => {
    assert.deepEqual(fit(['a', '', 'b'], 3), ['a', '', 'b']);
    assert.deepEqual(fit(['a', '', 'b'], 2), ['a', 'b']);
    assert.match(fit(['a', 'b', 'c', 'd'], 3).at(-1) ?? '', /2 more lines/);
    const { output, written } = memoryOutput({ isTerminal: true, rows: 10 });
    using frames = createFrames(output, false, clock);
    frames.show({ status: statusFixture() });
    assert.equal(written.out.split('\u001b[K\n').length - 1, 9);
  });
});

describe('elsewhere', () => {
  test('each change is one frame, and what stays the same is not repeated', () => {
    const { output, written } = memoryOutput();
    using frames = createFrames(output, false, clock);
    frames.show({ status: statusFixture() });
    frames.show({ status: statusFixture({ timeLeftMs: 1 }) });
    assert.equal(written.out.match(/^Stages$/gm)?.length, 1);
    frames.show({ status: statusFixture({ wanted: 50 }) });
    assert.equal(written.out.match(/^Stages$/gm)?.length, 2);
    assert.ok(!written.out.includes('\u001b'));
  });

  test('as JSON each change is one line, and an outage is reported on stderr, once', () => {
    const { output, written } = memoryOutput({ isTerminal: true });
    using frames = createFrames(output, true, clock);
    frames.show({ status: statusFixture() });
    frames.show(away);
    frames.show(away);
    frames.show({ status: statusFixture() });
    assert.equal((JSON.parse(written.out.trim()) as StatusAnswer).wanted, 25);
    assert.equal(written.err, 'It was not reached. Waiting for it.\nThe controller is back.\n');
  });
});

test('a watch goes on over an outage with what it knew, and fails only when its first look fails', async () => {
  const stop = new AbortController();
  const looks: Look[] = [];
  let asked = 0;
  const gone = new CliError(EXIT.unreachable, 'gone');
  const status = async () => {
    asked += 1;
    if (asked === 2 || asked === 3) {
      throw gone;
    }
    return statusFixture();
  };
  const frames = {
    show: (look: Look) => {
      looks.push(look);
      if (looks.length === 4) {
        stop.abort();
      }
    },
  };
  await watchStatus({ client: { status }, frames, intervalMs: 1, signal: stop.signal, clock: systemClock });
  assert.deepEqual(
    looks.map(({ outage }) => outage?.why),
    [undefined, 'gone', 'gone', undefined],
  );
  assert.equal(looks[1]?.outage?.sinceMs, looks[2]?.outage?.sinceMs);
  const never = { status: () => Promise.reject(gone) };
  const signal = new AbortController().signal;
  await assert.rejects(watchStatus({ client: never, frames, intervalMs: 1, signal, clock: systemClock }), gone);
});

test('following prints each event once, the oldest first, though its id comes later', async () => {
  const { output, written } = memoryOutput();
  const stop = new AbortController();
  const [first, second] = [eventFixture({ text: 'first' }), eventFixture({ text: 'second', id: null })];
  const answers = [[first], [second, first], [{ ...second, id: '8' }, first]];
  const history = async () => {
    const events = answers.shift();
    if (events === undefined) {
      stop.abort();
    }
    return { events: events ?? [], journal: 'written' as const };
  };
  await followHistory({
    client: { history },
    output,
    json: false,
    limit: 10,
    intervalMs: 1,
    signal: stop.signal,
    clock: systemClock,
  });
  assert.deepEqual(written.out.match(/first|second/g), ['first', 'second']);
});

test('an event says when, what, from where to where, by whom and why', () => {
  const view = { paint: createPaint(false), columns: 80 };
  assert.equal(
    renderEvent(eventFixture(), view),
    '2026-03-01 10:00:00 UTC  promoted  10 → 25 %  by sluice\n  Promoted from 10 % to 25 %: the stage was healthy for its time.',
  );
  assert.match(
    renderEvent(eventFixture({ kind: 'leading', details: {}, from: null, to: null }), view),
    /leading {2}by sluice/,
  );
});
