import { brokenSuffix, isBrokenCopy } from '../../flagd/broken-copy.ts';
import { type PatchStep, pointer } from './kube-calls.ts';
import { StoreError } from './store.ts';

export type Annotations = Readonly<Record<string, string>> | undefined;

/** Kubernetes takes 256 KiB of annotations in all, names included; others' grow too. */
const MOST_BYTES = 200 * 1_024;

const GOOD = 'sluice/last-good';
const KEY = 'sluice/key';

const isOurs = (name: string): boolean => name === GOOD || name === KEY || isBrokenCopy(name);

/** @param key of a ConfigMap: the text of another key is not good for this one. */
export const keptGood = (annotations: Annotations, key?: string): string | undefined =>
  annotations?.[KEY] === key ? annotations?.[GOOD] : undefined;
/** The key of a ConfigMap that held the flag when its text was kept. */
export const keptKey = (annotations: Annotations): string | undefined => annotations?.[KEY];

/** Keeps a good text. @throws StoreError where there is no room for it. */
export function stepsToKeepGood(annotations: Annotations, text: string, key?: string): PatchStep[] {
  const more = { [GOOD]: text, ...(key !== undefined && { [KEY]: key }) };
  const bytes = bytesOf({ ...annotations, ...more });
  if (bytes > MOST_BYTES) {
    throw new StoreError(
      'refused',
      `the annotations would have ${bytes} bytes with a copy of these flags; allowed: ${MOST_BYTES}`,
    );
  }
  return stepsTo(annotations, more);
}

/** Keeps a broken text in the place of the one before; none where there is no room for it. */
export function stepsToKeepBroken(annotations: Annotations, text: string, atMs: number): PatchStep[] {
  const older = Object.keys(annotations ?? {}).filter(isBrokenCopy);
  const rest = Object.fromEntries(Object.entries(annotations ?? {}).filter(([name]) => !older.includes(name)));
  const more = { [`sluice/${brokenSuffix(atMs)}`]: text };
  return bytesOf({ ...rest, ...more }) > MOST_BYTES
    ? []
    : [...older.flatMap((name) => removal(name)), ...stepsTo(annotations, more)];
}

/** Makes room: a rollback goes before all that is kept beside it. */
export const stepsToForget = (annotations: Annotations): PatchStep[] =>
  Object.keys(annotations ?? {})
    .filter(isOurs)
    .flatMap((name) => removal(name));

const at = (name: string) => pointer('metadata', 'annotations', name);
/** Also where somebody else has removed it meanwhile, which would make the whole patch invalid and not a conflict. */
const removal = (name: string): PatchStep[] => [
  { op: 'add', path: at(name), value: '' },
  { op: 'remove', path: at(name) },
];

function stepsTo(annotations: Annotations, more: Readonly<Record<string, string>>): PatchStep[] {
  return annotations === undefined
    ? [{ op: 'add', path: '/metadata/annotations', value: more }]
    : Object.entries(more).map(([name, value]) => ({ op: 'add', path: at(name), value }));
}

const bytesOf = (annotations: Readonly<Record<string, string>>): number =>
  Object.entries(annotations).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(value),
    0,
  );
