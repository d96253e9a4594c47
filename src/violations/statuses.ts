export const STATUSES = ['pending', 'confirmed', 'false_positive', 'resolved'] as const;

export type Status = (typeof STATUSES)[number];
