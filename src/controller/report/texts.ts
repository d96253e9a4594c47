import type { Language } from '../../contract/wording/format.ts';
import { EN, type ReportTexts } from './texts-en.ts';
import { ZH } from './texts-zh.ts';

export const REPORT_TEXTS: Readonly<Record<Language, ReportTexts>> = { en: EN, zh: ZH };
