import { isBrokenCopy } from '../../flagd/broken-copy.ts';
import { holdsFlag } from '../../flagd/holds-flag.ts';

export type ChosenKey = {
  /** The key whose text flagd reads; undefined where that is not known. */
  readonly used: string | undefined;
  /** Other keys that hold the flag, with their texts. */
  readonly copies: ReadonlyMap<string, string>;
  readonly fault: string | undefined;
};

type Hints = {
  /** What `FLAG_KEY` says. */
  readonly set: string | undefined;
  /** Which one it was before. */
  readonly known: string | undefined;
};

/**
 * Which key of a ConfigMap flagd reads stands in flagd's own arguments, which nobody here can see. Said by `FLAG_KEY`, known from
 * before, or the only one that holds the flag; anything else is for people to mend.
 */
export function chooseKey(data: Record<string, string> | undefined, flag: string, { set, known }: Hints): ChosenKey {
  const texts = Object.entries(data ?? {}).filter(([key]) => !isBrokenCopy(key));
  const holding = texts.filter(([, text]) => holdsFlag(text, flag));
  const only = holding.length === 1 ? holding[0]?.[0] : undefined;
  const used = set ?? (known !== undefined && Object.hasOwn(data ?? {}, known) ? known : only);
  const others = holding.filter(([key]) => key !== used);
  const copies = new Map(others);
  const keys = texts.map(([key]) => key);
  return { used, copies, fault: faultOf(flag, used, keys, Array.from(copies.keys())) };
}

function faultOf(flag: string, used: string | undefined, keys: string[], others: string[]): string | undefined {
  const names = others.join(', ');
  const found = keys.length === 0 ? 'it has no keys' : `its keys are ${keys.join(', ')}`;
  if (used === undefined) {
    return others.length === 0
      ? `no key holds the flag ${flag} as JSON; ${found}. Add the flag to the one that flagd reads, or set FLAG_KEY to it.`
      : `several keys hold the flag ${flag}: ${names}; flagd reads one of them. Remove it from the others, or set FLAG_KEY to the one that flagd reads.`;
  }
  if (others.length > 0) {
    return `the flag ${flag} is also in ${names}, and flagd reads ${used}. Remove it there, or set FLAG_KEY to the one that flagd reads.`;
  }
  return keys.includes(used)
    ? undefined
    : `there is no key ${used}; ${found}. Add it, or set FLAG_KEY to the one that flagd reads.`;
}
