import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';

/** Makes the file with a token that only its owner may read, unless there is one. @returns the file. */
export async function ensureToken(file: string): Promise<string> {
  await writeFile(file, `${randomBytes(24).toString('hex')}\n`, { flag: 'wx', mode: 0o600 }).catch((error) => {
    if (error.code !== 'EEXIST') {
      throw error;
    }
  });
  return file;
}
