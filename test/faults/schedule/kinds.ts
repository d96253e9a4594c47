import { ACTION_KINDS } from '../wire/interference.ts';
import { POINT_NAMES } from '../wire/points.ts';
import { STOP_MODES, type Step } from './schedule.ts';

/** A fault as it is counted: where a step can be of several sorts, each is counted by itself. */
export type FaultKind = string;

export const FAULT_KINDS: readonly FaultKind[] = [
  'kill',
  'rollout',
  'cut-all',
  ...STOP_MODES.map((mode) => `database-restart ${mode}`),
  'flags-restart',
  'flags-flap',
  'domain-errors',
  'domain-hang',
  'clock-skew',
  'pool-exhaustion',
  'controller-kill',
  ...ACTION_KINDS.flatMap((action) => POINT_NAMES.map((point) => `${action} ${point}`)),
];

export function kindOf(step: Step): FaultKind {
  switch (step.kind) {
    case 'cut':
    case 'part':
    case 'delay':
      return `${step.kind} ${step.point}`;
    case 'database-restart':
      return `${step.kind} ${step.mode}`;
    default:
      return step.kind;
  }
}

const HINDERING = /^(kill|cut-all|pool-exhaustion|database-restart)|end-backend|look-up/;

/** Whether a replica may then be unable to end the server process of a connection that it lost. */
export const hindersLookUp = (kind: FaultKind): boolean => HINDERING.test(kind);
