import type { Language } from '../../../contract/wording/format.ts';
import type { Known } from './live.ts';

export type Filter = { readonly kind: 'all' | 'decisions' | 'problems'; readonly text: string };

export type ViewProps = {
  readonly known: Known;
  readonly language: Language;
  readonly filter: Filter;
  readonly setFilter: (filter: Filter) => void;
  readonly setRange: (minutes: number) => void;
  readonly showOlder: () => void;
};
