import type { Language } from './format.ts';
import { EN, type Texts } from './texts-en.ts';
import { ZH } from './texts-zh.ts';

export const TEXTS: Readonly<Record<Language, Texts>> = { en: EN, zh: ZH };
