import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chown, mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type RunAs, run } from './child.ts';
import { giveFolder, takeFolder } from './user.ts';

/** The folder with the data and their password, and the path by which the server reaches it. */
export type Place = RunAs & { readonly directory: string; readonly path: string };

/** Makes the data unless they are there, and sees to it that they belong to whom the server runs as. */
export async function ensureData(initdb: string, place: Place): Promise<void> {
  const { directory, user } = place;
  const data = join(directory, 'data');
  if (!(await exists(data))) {
    await makeData(initdb, place);
    // Only now: data with this name are whole.
    await rename(join(directory, 'data.new'), data);
  }
  // Data that belong to that user already may be those of a server that runs, and are not touched.
  if (user && (await stat(data)).uid !== user.uid) {
    await giveFolder(data, user);
  }
}

async function makeData(initdb: string, place: Place): Promise<void> {
  const { directory, path, user } = place;
  const made = join(directory, 'data.new');
  const passwordFile = join(directory, 'password');
  const self = await stat(directory);
  if (user && (await exists(made))) {
    await takeFolder(made, self);
  }
  await rm(made, { recursive: true, force: true });
  await rm(passwordFile, { force: true });
  await mkdir(made, { mode: 0o700 });
  await writeFile(passwordFile, randomBytes(18).toString('base64url'), { mode: 0o600 });
  if (user) {
    await chown(made, user.uid, user.gid);
    await chown(passwordFile, user.uid, user.gid);
  }
  const child = run(
    initdb,
    [
      ...['-D', join(path, 'data.new'), '-U', 'postgres', '-E', 'UTF8', '--locale=C', '--no-sync'],
      ...['-A', 'scram-sha-256', `--pwfile=${join(path, 'password')}`],
    ],
    place,
  );
  const [code] = await once(child.process, 'close');
  if (code !== 0) {
    throw new Error(`PostgreSQL could not make its data. Its initdb says:\n${child.output()}`);
  }
  if (user) {
    await chown(passwordFile, self.uid, self.gid);
  }
}

const exists = (path: string) =>
  stat(path).then(
    () => true,
    (error) => {
      if (error.code === 'ENOENT') {
        return false;
      }
      throw error;
    },
  );
