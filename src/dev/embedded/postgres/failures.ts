/** What PostgreSQL and its initdb, or the system, say of things that a newcomer can meet, and what that means here. */
export function inWords(error: Error & NodeJS.ErrnoException, directory: string): Error {
  const { code, syscall = '', message } = error;
  const unknownUser = /could not look up effective user ID (\d+)/.exec(message)?.[1];
  if (['EPERM', 'EINVAL'].includes(code ?? '') && /^(chown|lchown|spawn)/.test(syscall)) {
    return new Error(
      `PostgreSQL refuses to run as root, and this root may not run it as another user (${code} from ${syscall}). Run this as an ordinary user.`,
    );
  }
  if (unknownUser !== undefined) {
    return new Error(
      `PostgreSQL runs only as a user that the system knows by name, and user ${unknownUser} has no entry in /etc/passwd. Run this as a user that has one.`,
    );
  }
  if (/"postmaster.pid" already exists/.test(message)) {
    return new Error(
      `Another PostgreSQL is running on the data in ${directory}. Is Sluice running in this folder already?`,
    );
  }
  if (code === 'EACCES' || /wrong ownership/.test(message)) {
    return new Error(
      `${directory} was made by another user, as whom Sluice was started here before. Start it as that user, or remove that folder: the data in it are lost then.`,
    );
  }
  return error;
}
