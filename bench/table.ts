import { markdownTable } from 'markdown-table';

/** A Markdown table for the docs: names on the left, numbers on the right. */
export const table = (head: readonly string[], rows: readonly (readonly string[])[], names = 1): string =>
  markdownTable([head, ...rows], { align: head.map((_, at) => (at < names ? '' : 'r')), alignDelimiters: false });
