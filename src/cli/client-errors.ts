import { formatDuration } from '../contract/wording/format.ts';
import { CliError, EXIT, type ExitCode } from './exit-codes.ts';
import type { Answered } from './request.ts';

export const NO_TOKEN =
  "A change needs the controller's token, and none came. Set SLUICE_TOKEN, or SLUICE_TOKEN_FILE to a file that has it.";

/** What the controller says of a failure (RFC 9457). */
type ProblemAnswer = { readonly type?: unknown; readonly title?: unknown; readonly detail?: unknown };

export function failureOf(url: URL, { status, text }: Answered): CliError {
  const { type, detail } = problemOf(text);
  const from = nameOf(url);
  const fail = (code: ExitCode, message: string) => new CliError(code, message);
  switch (status) {
    case 401:
    case 403:
      return fail(
        EXIT.unauthorized,
        `${from} did not accept the token${told(detail)} Set SLUICE_TOKEN, or SLUICE_TOKEN_FILE to a file that has the controller's token.`,
      );
    case 409:
      return fail(EXIT.refused, `Refused: ${detail ?? 'the controller did not say why.'}`);
    case 400:
      return type === undefined
        ? notAController(url, { status, text })
        : fail(EXIT.usage, `${from} takes the request for wrong: ${detail ?? 'it did not say why.'}`);
    case 429:
      return fail(EXIT.unreachable, `${from} has too much to do${told(detail)} Try again.`);
    case 503:
      return type === 'urn:sluice:problem:not-leader'
        ? fail(
            EXIT.unreachable,
            `No controller that leads was reached${told(detail)} Nothing was changed. Try again; if it stays so, look at the controllers' logs.`,
          )
        : fail(EXIT.unreachable, `${from} cannot do this now${told(detail)} Try again.`);
    default:
      return type === undefined
        ? notAController(url, { status, text })
        : fail(EXIT.unexpected, `${from} answered ${status}${told(detail)}`);
  }
}

export function notAController(url: URL, { status, text }: Answered): CliError {
  const came = text.trim() === '' ? 'nothing' : JSON.stringify(text.trim().slice(0, 60));
  return new CliError(
    EXIT.unexpected,
    `What answers at ${nameOf(url)} is no Sluice controller, or one of another version: ${status} with ${came} came. Check --url or SLUICE_URL.`,
  );
}

type Attempt = { readonly timeoutMs: number; readonly isChange: boolean };

export function unreachable(url: URL, error: unknown, { timeoutMs, isChange }: Attempt): CliError {
  const { code, name, message, errors } = error as NodeJS.ErrnoException & { errors?: NodeJS.ErrnoException[] };
  const timedOut = name === 'TimeoutError';
  const why = timedOut
    ? `no answer within ${formatDuration(timeoutMs, 'en')}`
    : (WHY[code ?? errors?.[0]?.code ?? ''] ?? (message || code || 'the connection failed'));
  // Only these cannot have reached a controller.
  const mayBeDone = isChange && !['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN'].includes(code ?? errors?.[0]?.code ?? '');
  const doubt = mayBeDone ? ' The change may have been made all the same: see sluice status.' : '';
  return new CliError(
    EXIT.unreachable,
    `The controller at ${nameOf(url)} was not reached: ${why}.${doubt} Is it running there? --url or SLUICE_URL names another address.`,
  );
}

const WHY: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection broke',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'the name server does not answer',
  EHOSTUNREACH: 'there is no way to this host',
  ETIMEDOUT: 'no answer came',
};

const nameOf = (url: URL) => url.href.replace(/\/$/, '');

const told = (detail: string | undefined) =>
  detail === undefined ? '.' : `: ${detail}${/[.!?]$/.test(detail) ? '' : '.'}`;

function problemOf(text: string): { readonly type?: string; readonly detail?: string } {
  try {
    const { type, title, detail } = JSON.parse(text) as ProblemAnswer;
    const said = typeof detail === 'string' ? detail : title;
    return { ...(typeof type === 'string' && { type }), ...(typeof said === 'string' && { detail: said }) };
  } catch {
    return {};
  }
}
