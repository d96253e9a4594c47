const SHOWN_CHARACTERS = 80;

/** The beginning of a value, for people who sent it. */
export function shown(value: unknown): string {
  try {
    return (JSON.stringify(value) ?? 'nothing').slice(0, SHOWN_CHARACTERS);
  } catch {
    return 'something nested too deeply to be shown';
  }
}
