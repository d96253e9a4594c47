import { editFlag } from '../../flagd/flag-edit.ts';
import { lintFlagsText } from '../../flagd/lint.ts';
import { errorsThatHit, formatProblem, spoilsFile } from '../../flagd/problem.ts';
import type { FlagWrite } from '../engine/ports.ts';

export type Composed =
  /** `but` says what keeps flagd from reading even this. */
  | { readonly kind: 'text'; readonly text: string; readonly keepsOld: boolean; readonly but: readonly string[] }
  | { readonly kind: 'refused'; readonly problems: readonly string[] };

type Asked = {
  readonly flag: string;
  readonly write: FlagWrite;
  /** A rollback is kept out only by what makes flagd refuse the file: any other fault means 0 already. */
  readonly lowers: boolean;
  readonly nowMs: number;
};

export const isSpoilt = (text: string | undefined): boolean =>
  text === undefined || lintFlagsText(text).some(spoilsFile);

/**
 * The text to write in the place of `text`. @param good what a rollback falls back on where flagd refuses the text that is there,
 * whoever broke it.
 */
export function composeText(text: string | undefined, good: string | undefined, asked: Asked): Composed {
  const { flag, write, lowers, nowMs } = asked;
  const edit = { ...write, flagKey: flag };
  const edited = text === undefined ? undefined : editFlag(text, edit);
  const left = edited?.kind === 'edited' ? lintFlagsText(edited.text, { flagKey: flag, nowMs }) : [];
  const errors = (lowers ? left.filter(spoilsFile) : errorsThatHit(flag, left)).map(formatProblem);
  if (edited?.kind === 'edited' && errors.length === 0) {
    return { kind: 'text', text: edited.text, keepsOld: false, but: [] };
  }
  const problems = edited?.kind === 'refused' ? edited.problems : errors;
  if (!lowers || !isSpoilt(text)) {
    return { kind: 'refused', problems };
  }
  const restored = good === undefined || isSpoilt(good) ? undefined : editFlag(good, edit);
  if (restored?.kind === 'edited') {
    return { kind: 'text', text: restored.text, keepsOld: text !== undefined, but: [] };
  }
  const but = [...problems, 'no good flags were read before, to fall back on.'];
  // Once somebody mends the others' flags, this one is down.
  return edited?.kind === 'edited' && write.percent === 0
    ? { kind: 'text', text: edited.text, keepsOld: false, but }
    : { kind: 'refused', problems: but };
}

/** Texts that flagd does not read, or perhaps does: lowering is safe in each. */
export function loweredCopies(copies: ReadonlyMap<string, string>, { flag, write }: Pick<Asked, 'flag' | 'write'>) {
  const lowered = new Map<string, string>();
  const problems: string[] = [];
  for (const [name, text] of copies) {
    const edited = editFlag(text, { ...write, flagKey: flag, percent: 0, leaseUntilMs: undefined });
    if (edited.kind === 'refused') {
      problems.push(...edited.problems.map((problem) => `${name}: ${problem}`));
    } else if (edited.text !== text) {
      lowered.set(name, edited.text);
    }
  }
  return { lowered, problems };
}
