import { findNodeAtLocation, type Node, type ParseError, parseTree } from 'jsonc-parser';
import { shown } from '../kit/schema-errors.ts';
import { type Locate, limitByFlag, type Path, type Position, type Problem } from './problem.ts';

export type JsonText =
  | { readonly kind: 'json'; readonly value: unknown; readonly root: Node; readonly locate: Locate }
  | { readonly kind: 'broken'; readonly problem: Problem };

/** JSON as flagd reads it: no comments, no trailing commas, and every value with its place in the text. */
export function parseJson(text: string): JsonText {
  const positionAt = positionsIn(text);
  const broken = (offset: number, message: string): JsonText => ({
    kind: 'broken',
    problem: { ...positionAt(offset), severity: 'error', path: '', message, spoils: 'file' },
  });
  if (text.trim() === '') {
    return broken(0, 'the file is empty, and flagd keeps the flags it had. Write {"flags": {…}}.');
  }
  const tooDeep = nestedBeyond(text, MOST_NESTED);
  if (tooDeep !== undefined) {
    return broken(tooDeep, `this is nested more than ${MOST_NESTED} deep. Write it flatter.`);
  }
  const errors: ParseError[] = [];
  const root = parseTree(text, errors, { disallowComments: true, allowTrailingComma: false });
  try {
    const value: unknown = JSON.parse(text);
    if (root === undefined) {
      return broken(0, 'this is not valid JSON. Write {"flags": {…}}.');
    }
    return { kind: 'json', value, root, locate: (path) => positionAt(offsetOf(root, path)) };
  } catch (error) {
    const why = (error as Error).message.replace(/ \(line \d+ column \d+\)$/, '');
    const offset = errors[0]?.offset ?? Number(/at position (\d+)/.exec(why)?.[1] ?? 0);
    return broken(offset, `this is not valid JSON (${why}), and flagd keeps the flags it had. Correct it here.`);
  }
}

/** Far more than any rule has; those who read trees by recursion have no room for thousands. */
const MOST_NESTED = 500;

/** @returns where a text of JSON is nested deeper than that; undefined where it nowhere is. */
function nestedBeyond(text: string, most: number): number | undefined {
  let depth = 0;
  let isInText = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (isInText) {
      at += character === '\\' ? 1 : 0;
      isInText = character !== '"';
    } else if (character === '"') {
      isInText = true;
    } else if (character === '{' || character === '[') {
      depth += 1;
      if (depth > most) {
        return at;
      }
    } else if (character === '}' || character === ']') {
      depth -= 1;
    }
  }
  return undefined;
}

/** Of two equal keys JSON readers take the last, and people see the first. */
export function duplicateKeys(root: Node, locateOffset: (offset: number) => Position): Problem[] {
  const problems: Problem[] = [];
  const allow = limitByFlag();
  const visit = (node: Node, path: Path): void => {
    if (node.type === 'array') {
      node.children?.forEach((child, at) => {
        visit(child, [...path, at]);
      });
      return;
    }
    const seen = new Set<string>();
    for (const property of node.type === 'object' ? (node.children ?? []) : []) {
      const [key, value] = property.children ?? [];
      const name = String(key?.value);
      const here = [...path, name];
      if (seen.has(name) && allow(here)) {
        problems.push({
          ...locateOffset(property.offset),
          severity: 'error',
          path: here.join('.'),
          message: `the key ${shown(name)} is here a second time, and only the last one counts. Remove one.`,
          spoils: 'flag',
        });
      }
      seen.add(name);
      if (value !== undefined) {
        visit(value, here);
      }
    }
  };
  visit(root, []);
  return problems;
}

/** @returns what finds line and column of an offset; the text is looked through once. */
export function positionsIn(text: string): (offset: number) => Position {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) {
    starts.push(at + 1);
  }
  return (offset) => {
    let [low, high] = [0, starts.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      [low, high] = (starts[middle] as number) <= offset ? [middle, high] : [low, middle - 1];
    }
    return { line: low + 1, column: offset - (starts[low] as number) + 1 };
  };
}

function offsetOf(root: Node, path: Path): number {
  for (let length = path.length; length > 0; length -= 1) {
    const node = findNodeAtLocation(root, path.slice(0, length));
    if (node !== undefined) {
      // The key, where there is one: that is what people look for.
      return node.parent?.type === 'property' ? node.parent.offset : node.offset;
    }
  }
  return root.offset;
}
