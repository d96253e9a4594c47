const LOOPBACK = /^https?:\/\/(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/;

/**
 * The base URLs in a comma-separated list.
 *
 * @throws when one is not on loopback, unless `allowRemote` is `yes`: a load belongs to whoever owns the machine it hits.
 */
export function readTargets(list: string, allowRemote: string | undefined): string[] {
  const targets = list
    .split(',')
    .map((text) => text.trim().replace(/\/+$/, ''))
    .filter((text) => text !== '');
  if (targets.length === 0) {
    throw new Error('BASE_URLS is empty; set it to one or more URLs, with commas between them.');
  }
  for (const target of targets) {
    if (!LOOPBACK.test(target) && allowRemote !== 'yes') {
      throw new Error(`BASE_URLS has ${target}, which is not on loopback; ALLOW_REMOTE=yes allows it.`);
    }
  }
  return targets;
}
