const LOOPBACK = /^https?:\/\/(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/;

type UrlList = {
  /** The variable it comes from, for messages. */
  readonly name: string;
  readonly list: string | undefined;
  /** ALLOW_REMOTE as it was set. */
  readonly allowRemote: string | undefined;
};

/**
 * The URLs in a comma-separated list, without the slashes at their ends.
 *
 * @throws when there is none, or one is not on loopback, unless `allowRemote` is `yes`: a load belongs to whoever owns the
 * machine it hits.
 */
export function readUrls({ name, list, allowRemote }: UrlList): string[] {
  const urls = (list ?? '')
    .split(',')
    .map((text) => text.trim().replace(/\/+$/, ''))
    .filter((text) => text !== '');
  if (urls.length === 0) {
    throw new Error(`${name} is missing; set it to one or more URLs, with commas between them.`);
  }
  for (const url of urls) {
    if (!LOOPBACK.test(url) && allowRemote !== 'yes') {
      throw new Error(`${name} has ${url}, which is not on loopback; ALLOW_REMOTE=yes allows it.`);
    }
  }
  return urls;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The replicas: BASE_URLS, by default the one of `npm start`. */
export const readBaseUrls = ({ BASE_URLS, ALLOW_REMOTE }: Environment): string[] =>
  readUrls({ name: 'BASE_URLS', list: BASE_URLS || 'http://127.0.0.1:8080', allowRemote: ALLOW_REMOTE });
