import type { WritingWay } from '../engine/ports.ts';

/** What a store held when it was read. */
export type Held = {
  /** flagd's JSON; undefined where the place is empty. */
  readonly text: string | undefined;
  /**
   * Replaces the text only while the store still holds what was read.
   * @param keepOld what it held is broken, and is kept beside. @throws StoreError where it cannot.
   */
  readonly save: (text: string, keepOld: boolean, signal: AbortSignal) => Promise<'saved' | 'changed'>;
  /** As {@link Held.save} would, and changes nothing. @returns how it would. @throws StoreError where it could not. */
  readonly rehearse: (text: string, signal: AbortSignal) => Promise<WritingWay>;
};

/** FlagStore knows where a text of flags is kept. @throws StoreError where it cannot be read. */
export type FlagStore = { readonly load: (signal: AbortSignal) => Promise<Held> };

/** What follows the name of something broken that is kept: when it was put aside. */
export const brokenSuffix = (atMs: number): string => `broken-${new Date(atMs).toISOString().replaceAll(/[-:]/g, '')}`;

/** `unreachable`: asking again may help. `refused`: the store answered that it will not. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly kind: 'unreachable' | 'refused';

  constructor(kind: 'unreachable' | 'refused', message: string) {
    super(message);
    this.kind = kind;
  }
}
