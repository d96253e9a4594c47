import type { Percent } from '../kit/percent.ts';
import { nodeAt, removeProperty, replaceNode, setProperty, textOf } from './json-edit.ts';
import { parseJson } from './json-text.ts';
import { isNoRule, leaseAround, readLease } from './lease.ts';
import { formatProblem, isObject } from './problem.ts';
import { type FlagState, readPercent, STATES } from './read-percent.ts';

export type FlagEdit = {
  readonly flagKey: string;
  readonly percent: Percent;
  /** Milliseconds since 1970; the lease ends at the whole second at or before it. undefined takes our lease away. */
  readonly leaseUntilMs: number | undefined;
  /** Undefined leaves the state as it is, and then DISABLED is not raised. */
  readonly state?: FlagState | undefined;
};

export type Edited =
  | { readonly kind: 'edited'; readonly text: string }
  | { readonly kind: 'refused'; readonly problems: readonly string[] };

/**
 * Sets the percent of one flag in flagd's JSON, and changes no character of anything else. To 0 it also goes where the flag is
 * missing or broken; to more, only where the flag can be read and is ENABLED, or is to be.
 */
export function editFlag(text: string, edit: FlagEdit): Edited {
  const refused = (problem: string): Edited => ({ kind: 'refused', problems: [problem] });
  const parsed = parseJson(text);
  if (parsed.kind === 'broken') {
    return refused(formatProblem(parsed.problem));
  }
  const { flagKey, percent, leaseUntilMs } = edit;
  const path = ['flags', flagKey];
  const before = flagIn(parsed.value, flagKey);
  const wrong = whyNotRaise(before, edit);
  if (wrong !== undefined) {
    return refused(`flags.${flagKey}: ${wrong}`);
  }
  let next = percent === 0 ? repaired(text, before, flagKey) : text;
  const [name, withName] = withVariant(next, path, percent, definitionIn(next, flagKey)?.defaultVariant);
  next = setProperty(withName, path, 'defaultVariant', JSON.stringify(name));
  if (edit.state !== undefined && definitionIn(next, flagKey)?.state !== edit.state) {
    next = setProperty(next, path, 'state', JSON.stringify(edit.state));
  }
  next =
    leaseUntilMs === undefined ? withoutLease(next, path) : withLease(next, path, Math.floor(leaseUntilMs / 1_000));
  // JSON readers take the last of two equal keys and the edit finds the first: only what reads back counts.
  const after = readPercent(definitionIn(next, flagKey));
  if (
    after.kind === 'unusable' ||
    after.percent !== percent ||
    (after.leaseUntilMs === undefined) !== (leaseUntilMs === undefined)
  ) {
    return refused(
      `flags.${flagKey}: the flag cannot be set to ${percent} % as it is written. Look for keys that are there twice.`,
    );
  }
  return { kind: 'edited', text: next };
}

function whyNotRaise(definition: unknown, { percent, state }: FlagEdit): string | undefined {
  if (percent === 0) {
    return undefined;
  }
  if (definition === undefined) {
    return `there is no such flag, so that it cannot be set to ${percent} %. Add it with a variant of 0.`;
  }
  const reading = readPercent(definition);
  if (reading.kind === 'unusable') {
    return reading.problems.join(' ');
  }
  return (definition as { state: unknown }).state === 'DISABLED' && state !== 'ENABLED'
    ? `state is DISABLED, so that ${percent} % would stay 0 %. Enabling it is for people: write "ENABLED".`
    : undefined;
}

/** What 0 % needs of a flag to be read at all; a definition that lacks nothing stays as it is. */
function repaired(text: string, definition: unknown, flagKey: string): string {
  const path = ['flags', flagKey];
  if (!isObject(definition)) {
    const fresh = '{ "state": "ENABLED", "variants": { "off": 0 }, "defaultVariant": "off" }';
    return nodeAt(text, ['flags'])?.type === 'object' ? setProperty(text, ['flags'], flagKey, fresh) : text;
  }
  const { state, variants } = definition;
  const withState = STATES.includes(state as (typeof STATES)[number])
    ? text
    : setProperty(text, path, 'state', '"ENABLED"');
  return isObject(variants) ? withState : setProperty(withState, path, 'variants', '{ "off": 0 }');
}

/** @returns the name of a variant of this value, and the text in which there is one. */
function withVariant(text: string, path: readonly string[], value: Percent, preferred: unknown): [string, string] {
  const variants = definitionIn(text, path[1] as string)?.variants;
  const known = isObject(variants) ? variants : {};
  if (typeof preferred === 'string' && preferred !== '' && known[preferred] === value) {
    return [preferred, text];
  }
  // flagd takes "" for no variant, and a targeting result of "null" too.
  const fitting = Object.keys(known).find((name) => known[name] === value && name !== '' && name !== 'null');
  if (fitting !== undefined) {
    return [fitting, text];
  }
  const plain = value === 0 ? 'off' : `p${value}`;
  let name = plain;
  for (let again = 2; Object.hasOwn(known, name); again += 1) {
    name = `${plain}-${again}`;
  }
  return [name, setProperty(text, [...path, 'variants'], name, String(value))];
}

function withLease(text: string, path: readonly string[], untilSeconds: number): string {
  const flagKey = path[1] as string;
  const lease = readLease(definitionIn(text, flagKey)?.targeting);
  const [off, next] = withVariant(text, path, 0, lease?.variant);
  if (lease !== undefined) {
    const at = [...path, 'targeting', 'if'];
    return replaceAt(replaceAt(next, [...at, 0, '>=', 1], String(untilSeconds)), [...at, 1], JSON.stringify(off));
  }
  const [before, after] = leaseAround(untilSeconds, off);
  const own = nodeAt(next, [...path, 'targeting']);
  // `{}` inside of a rule would be a result, and no variant has that name.
  const rule = own === undefined || isNoRule(definitionIn(next, flagKey)?.targeting) ? 'null' : textOf(next, own);
  return setProperty(next, path, 'targeting', `${before}${rule}${after}`);
}

function withoutLease(text: string, path: readonly string[]): string {
  const lease = readLease(definitionIn(text, path[1] as string)?.targeting);
  if (lease === undefined) {
    return text;
  }
  const at = [...path, 'targeting'];
  const rule = nodeAt(text, [...at, 'if', 2]);
  return isNoRule(lease.rule) || rule === undefined
    ? removeProperty(text, at)
    : replaceAt(text, at, textOf(text, rule));
}

function replaceAt(text: string, path: readonly (string | number)[], content: string): string {
  const node = nodeAt(text, path);
  return node === undefined ? text : replaceNode(text, node, content);
}

/** The flag's definition in the value of a flags file; undefined where there is none. */
export function flagIn(value: unknown, flagKey: string): unknown {
  const flags = isObject(value) ? value.flags : undefined;
  return isObject(flags) && Object.hasOwn(flags, flagKey) ? flags[flagKey] : undefined;
}

function definitionIn(text: string, flagKey: string): Record<string, unknown> | undefined {
  const definition = flagIn(JSON.parse(text), flagKey);
  return isObject(definition) ? definition : undefined;
}
