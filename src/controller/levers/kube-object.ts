import { flagIn } from '../../flagd/flag-edit.ts';
import { parseJson } from '../../flagd/json-text.ts';
import { isObject } from '../../flagd/problem.ts';
import { readPercent } from '../../flagd/read-percent.ts';
import type { Clock } from '../../kit/time.ts';
import { type Annotations, keptGood, stepsToForget, stepsToKeepBroken, stepsToKeepGood } from './kept-annotations.ts';
import { onlyAt, type PatchStep } from './kube-calls.ts';
import { type Held, StoreError, type TextChange } from './store.ts';

type ObjectParts = {
  readonly metadata: { readonly resourceVersion?: string; readonly annotations?: Record<string, string> } | undefined;
  readonly text: string | undefined;
  readonly flag: string;
  /** The text in an object that the API server answers with. */
  readonly textIn: (object: object) => string | undefined;
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
  const { metadata, text, flag, textIn, clock, stepsFor, patch } = parts;
  const annotations: Annotations = metadata?.annotations;
  const base = (change: TextChange) => [onlyAt(metadata?.resourceVersion), ...stepsFor(change)];
  return {
    save: async (change, signal) => {
      const steps = base(change);
      const broken = change.keepsOld && text !== undefined ? stepsToKeepBroken(annotations, text, clock.now()) : [];
      // The object may be too large with what is kept, or its annotations not ours to change: a rollback goes first.
      const tries = [...[broken, stepsToForget(annotations)].filter(({ length }) => length > 0), []];
      const written = await firstTaken(tries.map((kept) => () => patch([...steps, ...kept], signal)));
      if (written !== undefined) {
        refuseOther(flag, change.text, textIn(written));
      }
      return written === undefined ? 'changed' : 'saved';
    },
    rehearse: async (change, signal) => {
      const tried = await patch(base(change), signal, 'All');
      if (tried !== undefined) {
        refuseOther(flag, change.text, textIn(tried));
      }
      return 'patch';
    },
    kept: async () => keptGood(annotations, parts.key),
    keep: async (good, signal) => {
      await patch([onlyAt(metadata?.resourceVersion), ...stepsToKeepGood(annotations, good, parts.key)], signal);
    },
  };
}

/** @throws the last refusal where all are refused, and at once what is none. */
async function firstTaken<T>([ask, ...others]: readonly (() => Promise<T>)[]): Promise<T> {
  try {
    return await (ask as () => Promise<T>)();
  } catch (error) {
    if (error instanceof StoreError && error.kind === 'refused' && others.length > 0) {
      return firstTaken(others);
    }
    throw error;
  }
}

/** An admission webhook may answer 200 and have changed the flag back. @throws StoreError where it has. */
function refuseOther(flag: string, asked: string | undefined, got: string | undefined): void {
  const [wanted, held] = [meaningIn(asked, flag), meaningIn(got, flag)];
  if (asked !== undefined && wanted !== held) {
    throw new StoreError(
      'refused',
      `the API server answered that it is written, and holds ${held} and not ${wanted}: an admission webhook may change it`,
    );
  }
}

function meaningIn(text: string | undefined, flag: string): string {
  const parsed = parseJson(text ?? '');
  const definition = parsed.kind === 'json' ? flagIn(parsed.value, flag) : undefined;
  const reading = readPercent(definition);
  const state = isObject(definition) ? String(definition.state) : 'nothing';
  return reading.kind === 'read' ? `${reading.percent} % (${state})` : 'no percent';
}
