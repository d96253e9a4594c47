import { chown, lchown, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Debian's `nobody`. */
const UNPRIVILEGED = 65_534;

export type User = { readonly uid: number; readonly gid: number };

/** Whom the server has to run as where that is not whoever runs this: PostgreSQL refuses to run as root. */
export function serverUser(): User | undefined {
  if (process.getuid?.() !== 0) {
    return undefined;
  }
  if (process.platform !== 'linux') {
    throw new Error(
      'PostgreSQL refuses to run as root, and only on Linux can root start it here. Run this as an ordinary user.',
    );
  }
  return { uid: UNPRIVILEGED, gid: UNPRIVILEGED };
}

/** The folder itself last: root without all its rights cannot look into what belongs to somebody else. */
export async function giveFolder(folder: string, user: User): Promise<void> {
  await giveInside(folder, user, giveFolder);
  await chown(folder, user.uid, user.gid);
}

/** The folder itself first, for the same reason. */
export async function takeFolder(folder: string, user: User): Promise<void> {
  await chown(folder, user.uid, user.gid);
  await giveInside(folder, user, takeFolder);
}

async function giveInside(folder: string, user: User, giveSubfolder: typeof giveFolder): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    await (entry.isDirectory() ? giveSubfolder(path, user) : lchown(path, user.uid, user.gid));
  }
}
