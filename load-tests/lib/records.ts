/** `npm start` and the development overlay have violations 1–1000. */
export const RECORDS = 1_000;
const STATUSES = ['confirmed', 'false_positive', 'resolved', 'pending'] as const;

export type Update = {
  readonly target: string;
  readonly id: number;
  readonly status: string;
  readonly handledBy: string;
  readonly notes?: string;
};

/** The update of a turn, counted from 0: all records one after the other, spread over the targets, then again. */
export function updateOfTurn(turn: number, targets: readonly string[]): Update {
  const round = Math.floor(turn / RECORDS);
  // Shifted in each round, so that every violation gets every status and every target.
  return {
    target: targets[(turn + round) % targets.length] as string,
    id: (turn % RECORDS) + 1,
    status: statusOfTurn(turn + round),
    handledBy: 'k6',
  };
}

export const statusOfTurn = (turn: number): string => STATUSES[turn % STATUSES.length] as string;

export const EVERY_STATUS: readonly string[] = STATUSES;
