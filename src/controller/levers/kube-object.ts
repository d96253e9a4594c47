import type { Clock } from '../../kit/time.ts';
import { type Annotations, keptGood, stepsToForget, stepsToKeepBroken, stepsToKeepGood } from './kept-annotations.ts';
import { onlyAt, type PatchStep } from './kube-calls.ts';
import { type Held, StoreError, type TextChange } from './store.ts';

type ObjectParts = {
  readonly metadata: { readonly resourceVersion?: string; readonly annotations?: Record<string, string> } | undefined;
  readonly text: string | undefined;
  readonly clock: Pick<Clock, 'now'>;
  /** What of the object becomes another, for a change. */
  readonly stepsFor: (change: TextChange) => PatchStep[];
  /** The key that the text stands under, to be known again. */
  readonly key?: string | undefined;
  /** @returns undefined where the object is of another version by now. @throws StoreError. */
  readonly patch: (body: PatchStep[], signal: AbortSignal, dryRun?: 'All') => Promise<object | undefined>;
};

/** How a text is written into an object in Kubernetes, with what is kept of it as annotations. */
export function holdObject(parts: ObjectParts): Pick<Held, 'save' | 'rehearse' | 'kept' | 'keep'> {
  const { metadata, text, clock, stepsFor, patch } = parts;
  const annotations: Annotations = metadata?.annotations;
  const base = (change: TextChange) => [onlyAt(metadata?.resourceVersion), ...stepsFor(change)];
  return {
    save: async (change, signal) => {
      const kept = change.keepsOld && text !== undefined ? stepsToKeepBroken(annotations, text, clock.now()) : [];
      const written = await patch([...base(change), ...kept], signal).catch((error) => {
        const forgotten = stepsToForget(annotations);
        if (!(error instanceof StoreError && error.kind === 'refused') || kept.length + forgotten.length === 0) {
          throw error;
        }
        // It may be too large, or its annotations not be ours to change.
        return patch([...base(change), ...forgotten], signal);
      });
      return written === undefined ? 'changed' : 'saved';
    },
    rehearse: async (change, signal) => {
      await patch(base(change), signal, 'All');
      return 'patch';
    },
    kept: async () => keptGood(annotations),
    keep: async (good, signal) => {
      await patch([onlyAt(metadata?.resourceVersion), ...stepsToKeepGood(annotations, good, parts.key)], signal);
    },
  };
}
