import type { Percent } from '../kit/percent.ts';

export const EVENTS = [
  'started',
  'promoted',
  'completed',
  'approval-needed',
  'paused',
  'resumed',
  'rolled-back',
  'adopted',
] as const;

export const EVENT_KINDS = [
  ...EVENTS,
  'confirmed',
  'unconfirmed',
  'refused',
  'holding',
  'breached',
  'trouble',
  'leading',
  'verified',
  'checked',
  'mismatched',
] as const;

export type JournalEvent = {
  readonly eventId: string;
  readonly atMs: number;
  readonly kind: (typeof EVENT_KINDS)[number];
  readonly from: Percent | null;
  readonly to: Percent | null;
  readonly actor: string;
  readonly text: string;
  readonly details: Readonly<Record<string, unknown>>;
};
