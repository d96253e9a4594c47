import type { Point } from './points.ts';

/**
 * What happens to a connection at a point. `cut`: both sides are closed, in order. `part`: the client's is closed, and the server hears
 * nothing more, as when the network between them is gone. `delay`: everything behind that point waits.
 */
export type Action =
  | { readonly kind: 'cut' }
  | { readonly kind: 'part' }
  | { readonly kind: 'delay'; readonly delayMs: number };
export const ACTION_KINDS = ['cut', 'part', 'delay'] as const satisfies readonly Action['kind'][];

type Tap = { readonly point: Point; readonly action: Action; left: number };

export type Interference = ReturnType<typeof createInterference>;

/** What is armed now. */
export function createInterference() {
  let onHit: (point: Point, action: Action) => void = () => {};
  const taps = new Set<Tap>();
  const slow = new Set<number>();

  return {
    /** Does `action` to the next `count` connections that come to `point`, until the returned function is called. */
    arm: (point: Point, action: Action, count: number): (() => void) => {
      const tap = { point, action, left: count };
      taps.add(tap);
      return () => void taps.delete(tap);
    },
    /** Delays every turn of every connection, until the returned function is called. */
    slowDown: (delayMs: number): (() => void) => {
      slow.add(delayMs);
      return () => void slow.delete(delayMs);
    },
    take: (points: readonly Point[]): Action | undefined => {
      const tap = Array.from(taps).find(({ point, left }) => left > 0 && points.includes(point));
      if (tap === undefined) {
        return undefined;
      }
      tap.left -= 1;
      onHit(tap.point, tap.action);
      return tap.action;
    },
    turnDelay: (): Action | undefined => (slow.size === 0 ? undefined : { kind: 'delay', delayMs: Math.max(...slow) }),
    /** Disarms everything; `listener` hears of each connection that something happens to from now on. */
    reset: (listener: typeof onHit = () => {}) => {
      taps.clear();
      slow.clear();
      onHit = listener;
    },
  };
}
