export type Language = 'en' | 'zh';

const UNITS = {
  en: { s: ' s', m: ' min', h: ' h', d: ' d' },
  zh: { s: ' 秒', m: ' 分钟', h: ' 小时', d: ' 天' },
} as const;

/** `45 s`, `12 min`, `1 h 5 min`, `2 d`: two units at most, and nothing that is gone by the time it is read. */
export function duration(ms: number, language: Language): string {
  const unit = UNITS[language];
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 60) {
    return `${seconds}${unit.s}`;
  }
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) {
    return `${minutes}${unit.m}`;
  }
  if (minutes < 48 * 60) {
    const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
    return rest === 0 ? `${hours}${unit.h}` : `${hours}${unit.h} ${rest}${unit.m}`;
  }
  return `${Number((minutes / 1_440).toFixed(1))}${unit.d}`;
}

const rounded = (value: number) => String(Number(value.toPrecision(3)));

/** Seconds as milliseconds below 1 s: what limits on latencies are written in. */
export const latency = (seconds: number | null): string =>
  seconds === null ? '–' : seconds < 1 ? `${rounded(seconds * 1_000)} ms` : `${rounded(seconds)} s`;

export const share = (value: number | null): string => (value === null ? '–' : `${rounded(value * 100)} %`);

export const rate = (perSecond: number): string => `${rounded(perSecond)}/s`;

export const bytes = (value: number | null): string => (value === null ? '–' : `${rounded(value / 1_048_576)} MiB`);

/** A guard's value in the unit that its limit is written in. */
export function inUnitOf(limitText: string, value: number | null): string {
  if (value === null) {
    return '–';
  }
  if (limitText.endsWith('%')) {
    return share(value);
  }
  if (limitText.endsWith('x')) {
    return `${rounded(value)}x`;
  }
  return /[a-z]$/.test(limitText) ? latency(value) : rounded(value);
}

const LOCALES = { en: 'en-GB', zh: 'zh-CN' } as const;

/** @param timeZone of the reader when undefined. */
export function dateTime(iso: string, language: Language, timeZone?: string): string {
  return new Intl.DateTimeFormat(LOCALES[language], {
    dateStyle: 'medium',
    timeStyle: 'medium',
    ...(timeZone !== undefined && { timeZone }),
  }).format(new Date(iso));
}

export function clockTime(iso: string, language: Language): string {
  return new Intl.DateTimeFormat(LOCALES[language], { timeStyle: 'medium' }).format(new Date(iso));
}
