import { markdownTable } from 'markdown-table';
import type { Block } from './blocks.ts';

/** CommonMark with tables. What people or machines wrote is text, and never markup. */
export function toMarkdown(blocks: readonly Block[]): string {
  return `${blocks.flatMap((block) => render(block) ?? []).join('\n\n')}\n`;
}

function render(block: Block): string | undefined {
  switch (block.kind) {
    case 'heading':
      return `${'#'.repeat(block.level)} ${escaped(block.text)}`;
    case 'paragraph':
      return escaped(block.text);
    case 'list':
      return block.items.map((item) => `- ${escaped(item)}`).join('\n');
    case 'table':
      return markdownTable([block.head, ...block.rows.map((row) => row.map(escaped))], { alignDelimiters: false });
    case 'charts':
      return undefined;
  }
}

const escaped = (text: string): string => text.replaceAll(/\s+/g, ' ').replaceAll(/[\\`*_[\]<>|#~]/g, '\\$&');
