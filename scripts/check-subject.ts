import { readFileSync } from 'node:fs';

/** `scope: One sentence`: a scope of small letters, and a sentence that begins large and ends without a full stop. */
const SUBJECT = /^[a-z][a-z0-9-]*(, [a-z][a-z0-9-]*)*: \p{Lu}.*[^.\s]$/u;
/** Git's own. */
const MADE_BY_GIT = /^(Merge|Revert|fixup!|squash!|amend!) /;

/** For the commit hook: whether the subject of a commit message begins with a scope. Ends with 1 where it does not. */
const [file] = process.argv.slice(2);
const subject =
  file === undefined
    ? ''
    : (readFileSync(file, 'utf8')
        .split('\n')
        .find((line) => !line.startsWith('#')) ?? '');
if (!SUBJECT.test(subject) && !MADE_BY_GIT.test(subject)) {
  process.stderr.write(
    `The subject is "${subject}". Allowed: a scope and a sentence, such as "engine: A rollback names the replica that does not serve it". See CONTRIBUTING.md.\n`,
  );
  process.exitCode = 1;
}
