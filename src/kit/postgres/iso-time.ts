const TIME = /^(\d{4,6})-(\d\d-\d\d) (\d\d:\d\d:\d\d)(\.\d{1,3})?\+00( BC)?$/;
const EXTENDED = /^([+-])(\d{6})-(.*)$/;
const PLAIN_YEAR_DIGITS = 4;

/**
 * PostgreSQL's text of a time in UTC as ISO 8601 with milliseconds, with a sign and six digits for years that have not four.
 * What is no such time, such as `infinity`, stays as it is.
 */
export function isoTime(text: string | null): string | null {
  const parts = text === null ? null : TIME.exec(text);
  if (parts === null) {
    return text;
  }
  const [, year = '', day, time, fraction = '.', beforeChrist] = parts;
  return `${isoYear(year, beforeChrist !== undefined)}-${day}T${time}${fraction.padEnd(4, '0')}Z`;
}

/** What PostgreSQL reads as this time: it knows no signs of years. */
export function timeOfIso(iso: string | null): string | null {
  const parts = iso === null ? null : EXTENDED.exec(iso);
  if (parts === null) {
    return iso;
  }
  const [, sign, digits, rest] = parts;
  const year = sign === '-' ? -Number(digits) : Number(digits);
  // ISO 8601 has a year 0, which is 1 BC.
  const [counted, era] = year < 1 ? [1 - year, ' BC'] : [year, ''];
  return `${String(counted).padStart(PLAIN_YEAR_DIGITS, '0')}-${rest}${era}`;
}

function isoYear(year: string, isBeforeChrist: boolean): string {
  if (year.length === PLAIN_YEAR_DIGITS && !isBeforeChrist) {
    return year;
  }
  const number = isBeforeChrist ? 1 - Number(year) : Number(year);
  return `${number < 0 ? '-' : '+'}${String(Math.abs(number)).padStart(6, '0')}`;
}
