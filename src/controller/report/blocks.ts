/** A document without a form: what both renderers print. All texts are plain. */
export type Block =
  | { readonly kind: 'heading'; readonly level: 1 | 2 | 3; readonly text: string }
  | { readonly kind: 'paragraph'; readonly text: string }
  | { readonly kind: 'list'; readonly items: readonly string[] }
  | { readonly kind: 'table'; readonly head: readonly string[]; readonly rows: readonly (readonly string[])[] }
  /** Only a page has room for them. */
  | { readonly kind: 'charts'; readonly title: string; readonly charts: readonly Chart[] };

export type Chart = {
  readonly title: string;
  /** Milliseconds since 1970, rising. */
  readonly times: readonly number[];
  /** Null where nothing was measured. */
  readonly lines: readonly { readonly name: string; readonly values: readonly (number | null)[] }[];
  readonly limit: number | undefined;
  /** What the highest of all is, in words. */
  readonly top: string;
  readonly max: number;
};

export const heading = (level: 1 | 2 | 3, text: string): Block => ({ kind: 'heading', level, text });
export const paragraph = (text: string): Block => ({ kind: 'paragraph', text });
export const list = (items: readonly string[]): Block => ({ kind: 'list', items });
export const table = (head: readonly string[], rows: readonly (readonly string[])[]): Block => ({
  kind: 'table',
  head,
  rows,
});
