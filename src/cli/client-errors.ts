import { type ApiFailure, beginningOf } from '../contract/client-failure.ts';
import { NOT_LEADER, PROBLEM_TYPES } from '../contract/problems.ts';
import { formatDuration } from '../contract/wording/format.ts';
import { CliError, EXIT, type ExitCode } from './exit-codes.ts';

type FailureOf<K extends ApiFailure['kind']> = Extract<ApiFailure, { readonly kind: K }>;

/** Says what to do about it. */
export function cliErrorOf(failure: ApiFailure): CliError {
  switch (failure.kind) {
    case 'no-token':
      return new CliError(
        EXIT.unauthorized,
        "A change needs the controller's token, and none was sent. Set SLUICE_TOKEN, or SLUICE_TOKEN_FILE to a file that has it.",
      );
    case 'unreachable':
      return unreachable(failure);
    case 'refused':
      return refused(failure);
    case 'foreign':
      return notAController(failure.url, failure.wrong, failure.body);
  }
}

function refused({ url, status, type, detail, body }: FailureOf<'refused'>): CliError {
  const from = nameOf(url);
  const fail = (code: ExitCode, message: string) => new CliError(code, message);
  switch (status) {
    case 401:
    case 403:
      return fail(
        EXIT.unauthorized,
        `${from} did not accept the token${because(detail)} Set SLUICE_TOKEN, or SLUICE_TOKEN_FILE to a file that has the controller's token.`,
      );
    case 409:
      return fail(EXIT.refused, `Refused: ${detail ?? 'the controller did not say why.'}`);
    case 429:
      return fail(EXIT.unreachable, `${from} is overloaded${because(detail)} Try again.`);
    case 503:
      return type === PROBLEM_TYPES + NOT_LEADER
        ? fail(
            EXIT.unreachable,
            `No leading controller was reached${because(detail)} Nothing was changed. Try again; if this persists, check the controllers' logs.`,
          )
        : fail(EXIT.unreachable, `${from} cannot do this now${because(detail)} Try again.`);
    default:
      if (type === undefined) {
        return notAController(url, `it answered ${status}`, body);
      }
      return status === 400
        ? fail(EXIT.usage, `${from} rejected the request: ${detail ?? 'it did not say why.'}`)
        : fail(EXIT.unexpected, `${from} answered ${status}${because(detail)}`);
  }
}

const notAController = (url: URL, wrong: string, body: string) =>
  new CliError(
    EXIT.unexpected,
    `What answers at ${nameOf(url)} is not a Sluice controller, or is one of another version: ${wrong}; it answered ${beginningOf(body)}. Check --url or SLUICE_URL.`,
  );

function unreachable({ url, failed, timeoutMs, isChange }: FailureOf<'unreachable'>): CliError {
  const why =
    failed.why === 'timeout'
      ? `no answer within ${formatDuration(timeoutMs, 'en')}`
      : (WHY[failed.detail] ?? failed.detail);
  const mayBeDone = isChange && failed.progress !== 'not sent';
  const doubt = mayBeDone ? ' The change may have been made anyway: check sluice status.' : '';
  return new CliError(
    EXIT.unreachable,
    `The controller at ${nameOf(url)} was not reached: ${why}.${doubt} Is it running there? --url or SLUICE_URL names another address.`,
  );
}

const WHY: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was reset',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'the name server does not answer',
  EHOSTUNREACH: 'there is no route to this host',
  ETIMEDOUT: 'no answer was received',
};

const nameOf = (url: URL) => url.href.replace(/\/$/, '');

const because = (detail: string | undefined) =>
  detail === undefined ? '.' : `: ${detail}${/[.!?]$/.test(detail) ? '' : '.'}`;
