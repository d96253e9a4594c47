/** The two implementations of the endpoint: the old one and the one that replaces it. */
export const PATHS = ['legacy', 'domain'] as const;

export type Path = (typeof PATHS)[number];
