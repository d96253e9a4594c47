import { flagIn } from './flag-edit.ts';
import { parseJson } from './json-text.ts';

/** Whether a text of flags defines one; also where it is broken, as far as it can be seen. */
export function holdsFlag(text: string, flagKey: string): boolean {
  const parsed = parseJson(text);
  return parsed.kind === 'json' ? flagIn(parsed.value, flagKey) !== undefined : text.includes(JSON.stringify(flagKey));
}
