import pg from 'pg';

export const DATABASE_URL_FORM = 'postgresql://user:password@host:port/database';
const SSL_MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full', 'no-verify'];
const HIGHEST_PORT = 65_535;

/**
 * What keeps a connection string from ever leading to a server: known before anything is connected. What it leaves open
 * (PGPORT, PGSSLMODE …) is looked at as well, for pg reads it.
 * @returns the end of a sentence such as "it …"; undefined where it can be used. It never shows the string: that has a password.
 */
export function wrongInDatabaseUrl(text: string, env: NodeJS.ProcessEnv = process.env): string | undefined {
  if (!/^postgres(ql)?:\/\//.test(text)) {
    return 'is malformed';
  }
  const mode = URL.parse(text)?.searchParams.get('sslmode') ?? env.PGSSLMODE;
  if (mode && !SSL_MODES.includes(mode)) {
    return `names the sslmode ${JSON.stringify(mode)}, and allowed are ${SSL_MODES.join(', ')}`;
  }
  const client = parsed(text);
  if (client instanceof Error) {
    const { code, path } = client as NodeJS.ErrnoException;
    return path === undefined
      ? 'cannot be read: its port is a number up to 65535, and each of : / ? # [ ] @ % and spaces in the user or the password is written as %3A, %2F …'
      : `names the file ${path}, which cannot be read (${code})`;
  }
  const { host, port, database, user } = client;
  if (!Number.isInteger(port) || port < 1 || port > HIGHEST_PORT) {
    return 'has a port that is not a number from 1 to 65535';
  }
  if (host.includes(',') || /\s/.test(host)) {
    return `has the host ${JSON.stringify(host)}, and allowed is one name or address`;
  }
  if (!(database ?? user ?? env.USER)) {
    return 'names no database';
  }
  return undefined;
}

/** @returns what is wrong with DATABASE_URL, as a whole sentence; undefined where nothing is. */
export function wrongDatabaseUrl(text: string, env: NodeJS.ProcessEnv = process.env): string | undefined {
  const wrong = wrongInDatabaseUrl(text, env);
  return wrong === undefined ? undefined : `DATABASE_URL is wrong: it ${wrong}. Set it to ${DATABASE_URL_FORM}.`;
}

/** As pg itself reads it, with nothing connected: it reads the files of certificates as well. */
function parsed(connectionString: string): pg.Client | Error {
  try {
    return new pg.Client({ connectionString });
  } catch (error) {
    return error as Error;
  }
}
