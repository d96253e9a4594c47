import { systemClock } from '../../src/kit/time.ts';
import { readFlagdEndpoint } from '../../src/routing/flags/flag-endpoint.ts';
import { type FlagFeed, followFlags } from '../../src/routing/flags/flag-sync.ts';

/**
 * As many streams of flags as `COUNT`, each opened, kept and renewed as the service does. IPC: reports when all have their first
 * flags; then, for each mark the parent names, when each stream had flags with that mark, in milliseconds since 1970.
 */
const count = Number(process.env.COUNT);
const endpoint = readFlagdEndpoint({ host: '127.0.0.1', port: Number(process.env.PORT) }, {});
const closing = new AbortController();

let mark: string | undefined;
const had = new Map<number, number>();
const begun = new Set<number>();

function onFlags(stream: number, flags: string): void {
  if (begun.size < count) {
    begun.add(stream);
    if (begun.size === count) {
      process.send?.('open');
    }
  }
  if (mark !== undefined && !had.has(stream) && flags.includes(mark)) {
    had.set(stream, performance.timeOrigin + performance.now());
    if (had.size === count) {
      mark = undefined;
      process.send?.(Array.from(had.values()));
    }
  }
}

process.on('message', (next: { readonly mark: string }) => {
  had.clear();
  mark = next.mark;
  process.send?.('waiting');
});
process.once('disconnect', () => process.exit(0));
process.once('SIGTERM', () => process.exit(0));
for (let stream = 0; stream < count; stream += 1) {
  const feed: FlagFeed = { onFlags: ({ flags }) => onFlags(stream, flags), onAway: () => {} };
  void followFlags({ endpoint, feed, clock: systemClock }, closing.signal);
}
