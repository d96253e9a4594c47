import { type Operation, whyInvalid } from './document.ts';
import type { RawRequest } from './request.ts';

/** What a request's target says, read by the document alone; undefined where the document does not allow it. */
export function readTarget(operation: Operation, { target }: RawRequest): Readonly<Record<string, string>> | undefined {
  const [path = '', ...query] = target.split('?');
  const values: Record<string, string> = Object.create(null);
  const segments = path.split('/');
  operation.path.split('/').forEach((part, at) => {
    if (part.startsWith('{')) {
      values[part.slice(1, -1)] = decoded(segments[at] as string, false) ?? '%';
    }
  });
  for (const pair of query
    .join('?')
    .split('&')
    .filter((each) => each !== '')) {
    const at = pair.indexOf('=');
    const name = decoded(at === -1 ? pair : pair.slice(0, at), true);
    const value = decoded(at === -1 ? '' : pair.slice(at + 1), true);
    const known = operation.parameters.some((parameter) => parameter.in === 'query' && parameter.name === name);
    if (!known || value === undefined || (name as string) in values) {
      return undefined;
    }
    values[name as string] = value;
  }
  const isRight = operation.parameters.every(({ name, required, schema }) => {
    const value = values[name];
    return value === undefined ? required !== true : whyInvalid(schema, value) === undefined;
  });
  return isRight ? values : undefined;
}

/** Byte by byte, and so not with the function that is under test. */
function decoded(text: string, inQuery: boolean): string | undefined {
  if (/%(?![0-9a-f]{2})/i.test(text)) {
    return undefined;
  }
  const plain = inQuery ? text.replaceAll('+', ' ') : text;
  const bytes = plain.replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(bytes, 'latin1'));
  } catch {
    return undefined;
  }
}
