import type { WritingWay } from '../engine/ports.ts';

/** What is to be written: the text that flagd reads, and other texts of the same place that hold the flag, by their names. */
export type TextChange = {
  /** Undefined leaves it as it is, or is. */
  readonly text: string | undefined;
  readonly copies: ReadonlyMap<string, string>;
  /** What was held is broken: it is kept beside where there is room. */
  readonly keepsOld: boolean;
};

/** What a store held when it was read. */
export type Held = {
  /** flagd's JSON; undefined where the place is empty. */
  readonly text: string | undefined;
  /** Other texts of the place that hold the flag, though flagd reads one. */
  readonly copies?: ReadonlyMap<string, string>;
  /** What people have to mend: which text flagd reads is not known, or the flag is not only there. */
  readonly fault?: string | undefined;
  /** Writes only while the store still holds what was read. @throws StoreError where it cannot. */
  readonly save: (change: TextChange, signal: AbortSignal) => Promise<'saved' | 'changed'>;
  /** As {@link Held.save} would, and changes nothing. @returns how it would. @throws StoreError where it could not. */
  readonly rehearse: (change: TextChange, signal: AbortSignal) => Promise<WritingWay>;
  /** The good text that was kept before a restart, perhaps by another controller; undefined where there is none. */
  readonly kept: (signal: AbortSignal) => Promise<string | undefined>;
  /** Keeps a good text beside. @throws StoreError where there is no room for it. */
  readonly keep: (text: string, signal: AbortSignal) => Promise<void>;
};

/** FlagStore knows where a text of flags is kept. @throws StoreError where it cannot be read. */
export type FlagStore = { readonly load: (signal: AbortSignal) => Promise<Held> };

/** SpareFlags knows a second place for good flags, where a store has none. It is read and written without waiting. */
export type SpareFlags = {
  /** What is known to be there by now. */
  readonly get: () => string | undefined;
  /** @returns why the last ones were not kept; undefined where nothing is known to be wrong. */
  readonly offer: (text: string) => string | undefined;
};

/** `unreachable`: asking again may help. `refused`: the store answered that it will not. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly kind: 'unreachable' | 'refused';

  constructor(kind: 'unreachable' | 'refused', message: string) {
    super(message);
    this.kind = kind;
  }
}
