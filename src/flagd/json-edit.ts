import { applyEdits, findNodeAtLocation, type Node, parseTree } from 'jsonc-parser';
import type { Path } from './problem.ts';

/** The node at a path of JSON that parses; undefined where there is none. */
export function nodeAt(text: string, path: Path): Node | undefined {
  const root = parseTree(text);
  return root && findNodeAtLocation(root, [...path]);
}

export function textOf(text: string, node: Node): string {
  return text.slice(node.offset, node.offset + node.length);
}

export function replaceNode(text: string, { offset, length }: Node, content: string): string {
  return applyEdits(text, [{ offset, length, content }]);
}

/**
 * Sets one property of the object at `path`, and touches no other character: jsonc-parser's own `modify` formats the whole
 * line it edits. A new property goes last, laid out as the one before it.
 */
export function setProperty(text: string, path: Path, key: string, valueText: string): string {
  const object = nodeAt(text, path);
  const existing = nodeAt(text, [...path, key]);
  if (existing !== undefined) {
    return replaceNode(text, existing, valueText);
  }
  const properties = object?.children ?? [];
  const last = properties.at(-1);
  if (object === undefined || last === undefined) {
    return object === undefined ? text : replaceNode(text, object, `{ ${JSON.stringify(key)}: ${valueText} }`);
  }
  const before = properties.at(-2);
  const gap = text.slice(before ? endOf(before) : object.offset + 1, last.offset).replace(',', '');
  const [name, value] = last.children ?? [];
  const colon = name && value ? text.slice(endOf(name), value.offset) : ': ';
  return applyEdits(text, [
    { offset: endOf(last), length: 0, content: `,${gap}${JSON.stringify(key)}${colon}${valueText}` },
  ]);
}

/** Removes one property with its comma; undoes `setProperty` of a new one to the character. */
export function removeProperty(text: string, path: Path): string {
  const property = nodeAt(text, path)?.parent;
  const siblings = property?.parent?.children ?? [];
  const at = property === undefined ? -1 : siblings.indexOf(property);
  if (property === undefined || at === -1) {
    return text;
  }
  const before = siblings[at - 1];
  const after = siblings[at + 1];
  const from = before ? endOf(before) : property.offset;
  const to = before || !after ? endOf(property) : after.offset;
  return applyEdits(text, [{ offset: from, length: to - from, content: '' }]);
}

function endOf({ offset, length }: Node): number {
  return offset + length;
}
