import { lookup } from 'node:dns/promises';
import { ExpectedError } from '../../kit/expected-error.ts';
import { formatDuration } from '../../kit/format.ts';
import { type Clock, createShared, TimedOut } from '../../kit/time.ts';
import type { Missing, SourceFailure } from '../../rollout/reading.ts';

export type Target = { readonly replica: string; readonly url: URL };
export type Resolved = Target[] | Missing;

/** Knows the addresses of a name; fails where it has none. */
export type Lookup = (name: string) => Promise<readonly { readonly address: string; readonly family: number }[]>;

/** As the system resolves names, so that search domains and hosts files count. */
const systemLookup: Lookup = (name) => lookup(name, { all: true });

const RESOLVE_EVERY_MS = 1_000;

type TargetSettings = { readonly clock: Clock; readonly timeoutMs: number; readonly lookup?: Lookup | undefined };

/** @throws where the text is no target. */
export function createTarget(text: string, options: TargetSettings): (signal: AbortSignal) => Promise<Resolved> {
  const [, name, port] = /^dns:([^\s/:]+):(\d{1,5})$/.exec(text) ?? [];
  if (name !== undefined && Number(port) <= 65_535) {
    return createResolver(name, Number(port), options);
  }
  const isUrl = text.startsWith('http://');
  const url = isUrl || /^[^\s/@]+:\d{1,5}$/.test(text) ? URL.parse(isUrl ? text : `http://${text}`) : null;
  if (url === null || url.hostname === '') {
    throw new ExpectedError(
      `SCRAPE_TARGETS is wrong: it names ${JSON.stringify(text)}; allowed: host:port, http://host:port/path, dns:name:port.`,
    );
  }
  const target = targetAt(url);
  return async () => [target];
}

function targetAt(url: URL): Target {
  if (url.pathname === '/') {
    url.pathname = '/metrics';
  }
  return { replica: `${url.hostname}:${url.port || '80'}`, url };
}

/** Asks for a name's addresses at most once a second: replicas come and go. */
function createResolver(name: string, port: number, { clock, timeoutMs, lookup = systemLookup }: TargetSettings) {
  const missing = (why: SourceFailure, detail: string): Missing => ({
    replica: `${name}:${port}`,
    why,
    detail,
    ofSeveral: true,
  });
  let last: { readonly atMs: number; readonly resolved: Resolved } | undefined;

  async function resolve(): Promise<Resolved> {
    try {
      const addresses = await lookup(name);
      // A replica with addresses of both families is one replica, and must not be counted twice.
      const family = addresses.some((each) => each.family === 4) ? 4 : 6;
      const targets = addresses
        .filter((each) => each.family === family)
        .map(({ address }) => targetAt(new URL(`http://${family === 6 ? `[${address}]` : address}:${port}`)));
      return targets.length === 0 ? missing('unreachable', 'the name has no addresses') : targets;
    } catch (error) {
      return missing('unreachable', (error as NodeJS.ErrnoException).code ?? (error as Error).message);
    }
  }

  // One question at a time: a resolver that hangs must not pile them up.
  const ask = createShared(async () => {
    const resolved = await resolve();
    last = { atMs: clock.monotonic(), resolved };
    return resolved;
  });

  return async (signal: AbortSignal): Promise<Resolved> => {
    if (last !== undefined && clock.monotonic() - last.atMs < RESOLVE_EVERY_MS) {
      return last.resolved;
    }
    return clock
      .within(timeoutMs, ask, signal)
      .catch((error) =>
        missing(
          'timeout',
          error instanceof TimedOut
            ? `the name was not resolved within ${formatDuration(timeoutMs, 'en')}`
            : 'the reading was ended',
        ),
      );
  };
}
