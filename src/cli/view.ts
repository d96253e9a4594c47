import type { Paint } from './paint.ts';

/** How something is shown: in what colours, how wide. */
export type View = { readonly paint: Paint; readonly columns: number };
