import { TEXTS } from '../../contract/wording/texts.ts';
import { percentOf, type State } from '../../rollout/state.ts';
import type { Note } from './event-text.ts';
import type { FlagReading } from './ports.ts';

type Seen = {
  readonly flag: FlagReading | undefined;
  readonly state: State;
  readonly wallMs: number;
};

/** The variants that the flag's targeting may serve domain by although the rollout is at 0 %, where no guard acts. */
export function unguardedIn({ flag, state, wallMs }: Seen): readonly string[] | undefined {
  if (flag?.kind !== 'read' || percentOf(state) > 0) {
    return undefined;
  }
  const isLeaseOver = flag.leaseUntilMs !== undefined && flag.leaseUntilMs <= wallMs;
  return isLeaseOver ? undefined : flag.unguarded;
}

/** Reported once for each state and each set of variants, until it is over. @returns what to report; undefined where nothing is new. */
export function createUnguarded() {
  let reported = '';
  return (seen: Seen): Note | undefined => {
    if (seen.flag?.kind !== 'read') {
      // Nobody knows whether it is over.
      return undefined;
    }
    const variants = unguardedIn(seen);
    const { state } = seen;
    const what = variants && [state.phase, 'sinceMs' in state ? state.sinceMs : 0, ...variants].join(' ');
    const isNew = what !== undefined && what !== reported;
    reported = what ?? '';
    return isNew
      ? { kind: 'unguarded', text: TEXTS.en.unguarded(variants ?? []), details: { variants: [...(variants ?? [])] } }
      : undefined;
  };
}
