import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DATABASE_URL_FORM, wrongDatabaseUrl } from '../kit/postgres/url.ts';
import { CliError, EXIT } from './exit-codes.ts';

const DEFAULT_URL = 'http://127.0.0.1:8090';
/** What `npm start` writes. */
const LOCAL_TOKEN = join('.sluice', 'token');
const LOCAL_DATABASE = join('.sluice', 'database-url');
const FOR_VERIFY = 'records are made there for the checks, unless --record names one to use';

/** @throws CliError naming which of --url and SLUICE_URL is wrong. */
export function readUrl(flag: string | undefined, env: NodeJS.ProcessEnv): URL {
  const given = flag ?? (env.SLUICE_URL || DEFAULT_URL);
  const name = flag === undefined ? 'SLUICE_URL' : '--url';
  const allowed = `allowed: the controller's address, such as ${DEFAULT_URL}`;
  const url = URL.parse(given.endsWith('/') ? given : `${given}/`);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new CliError(EXIT.usage, `${name} is ${JSON.stringify(given)}; ${allowed}.`);
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new CliError(EXIT.usage, `${name} has a user, a query or a fragment; ${allowed}.`);
  }
  return url;
}

/**
 * @param what it is needed for, as a sentence's end.
 * @throws CliError where DATABASE_URL can never work, or neither it nor npm start names a database. No message shows the address: it has a password.
 */
export function readDatabaseUrl(env: NodeJS.ProcessEnv, what = FOR_VERIFY): string {
  if (env.DATABASE_URL) {
    const wrong = wrongDatabaseUrl(env.DATABASE_URL, env);
    if (wrong !== undefined) {
      throw new CliError(EXIT.usage, wrong);
    }
    return env.DATABASE_URL;
  }
  try {
    return readFileSync(LOCAL_DATABASE, 'utf8').trim();
  } catch {
    throw new CliError(EXIT.usage, `DATABASE_URL is required: ${what}. Set it to ${DATABASE_URL_FORM}.`);
  }
}

/**
 * The token of SLUICE_TOKEN, of the file in SLUICE_TOKEN_FILE, or of .sluice/token; undefined where there is none.
 * @throws CliError when the file cannot be read, or what it has is no token. No message shows the token.
 */
export function readToken(env: NodeJS.ProcessEnv): string | undefined {
  if (env.SLUICE_TOKEN) {
    return checked(env.SLUICE_TOKEN.trim(), 'SLUICE_TOKEN');
  }
  const file = env.SLUICE_TOKEN_FILE || LOCAL_TOKEN;
  try {
    return checked(readFileSync(file, 'utf8').trim(), file);
  } catch (error) {
    if (error instanceof CliError) {
      throw error;
    }
    if (!env.SLUICE_TOKEN_FILE) {
      return undefined;
    }
    throw new CliError(
      EXIT.unauthorized,
      `SLUICE_TOKEN_FILE names ${file}, which cannot be read (${(error as NodeJS.ErrnoException).code}). Name the file that has the controller's token.`,
    );
  }
}

function checked(token: string, where: string): string {
  if (!/^[\x21-\x7e]{1,4096}$/.test(token)) {
    throw new CliError(
      EXIT.unauthorized,
      `${where} has no token that can be sent: allowed are 1 to 4096 ASCII characters without spaces. Copy the controller's token again.`,
    );
  }
  return token;
}
