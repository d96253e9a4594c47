/**
 * A value as JSON that PostgreSQL takes for jsonb: it has no NUL and no half characters, which JSON has. What others wrote may
 * have them, and must not keep everything else from being written.
 */
export function toJsonb(value: unknown): string {
  return JSON.stringify(value, (_key, part) => (typeof part === 'string' ? writable(part) : part));
}

const writable = (text: string): string => text.toWellFormed().replaceAll('\0', '\ufffd');
