import { type Frame, textsOf } from './frames.ts';
import { type Point, pointBefore, pointsAfter, type StatementName, statementNamed, statementOfText } from './points.ts';

/** What a proxy does with a frame: `point` names the step that its connection is at when it passes it. */
export type Passing = { readonly bytes: Buffer; readonly points: readonly Point[]; readonly opensTurn: boolean };

/**
 * Follows one connection: a turn is what a client sends up to its Sync, or one simple query, and what the server answers up to
 * its ReadyForQuery.
 */
export function createTurns() {
  let current = new Set<StatementName>();
  let opens = true;
  const awaiting: ReadonlySet<StatementName>[] = [];
  let answer: Frame[] = [];

  function fromClient(frame: Frame): Passing {
    const opensTurn = opens && TURN_FRAMES.has(frame.type);
    opens = frame.type === 'S' || frame.type === 'Q';
    const statement = statementIn(frame);
    const isNew = statement !== undefined && !current.has(statement);
    if (isNew) {
      current.add(statement);
    }
    const point = isNew ? pointBefore(statement) : undefined;
    if (opens) {
      awaiting.push(current);
      current = new Set();
    }
    return { bytes: frame.bytes, points: point === undefined ? [] : [point], opensTurn };
  }

  /** @returns undefined for a part of an answer that is not whole: it is passed on in one piece, or not at all. */
  function fromServer(frame: Frame): Passing | undefined {
    const turn = awaiting[0];
    if (turn === undefined) {
      return { bytes: frame.bytes, points: [], opensTurn: false };
    }
    answer.push(frame);
    if (frame.type !== 'Z') {
      return undefined;
    }
    awaiting.shift();
    const tags = answer.filter(({ type }) => type === 'C').map((part) => textsOf(part, 1)[0] ?? '');
    return { bytes: takeAnswer(), points: pointsAfter(turn, tags), opensTurn: false };
  }

  /** What has come of an answer that will never be whole, such as a server's last words. */
  function takeAnswer(): Buffer {
    const bytes = Buffer.concat(answer.map((part) => part.bytes));
    answer = [];
    return bytes;
  }

  return { fromClient, fromServer, takeAnswer };
}

/** Not those of a connection's start. */
const TURN_FRAMES = new Set(['P', 'B', 'D', 'E', 'C', 'Q', 'S']);

function statementIn(frame: Frame): StatementName | undefined {
  switch (frame.type) {
    case 'P': {
      const [name = '', text = ''] = textsOf(frame, 2);
      return statementNamed(name) ?? statementOfText(text);
    }
    case 'B':
      return statementNamed(textsOf(frame, 2)[1] ?? '');
    case 'Q':
      return statementOfText(textsOf(frame, 1)[0] ?? '');
    default:
      return undefined;
  }
}
