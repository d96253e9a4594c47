import { startFlagServer } from '../embedded/flag-server.ts';
import { findFlagd, startFlagd } from '../embedded/flagd.ts';
import { ensureFlagsFile } from '../embedded/flags-file.ts';
import type { Part } from './part.ts';

/**
 * flagd over `file`, or the built-in flag server where there is none; nothing where the settings name flags that are elsewhere.
 * @param onRefused hears why the built-in server does not use what the file has become.
 */
export async function startFlags(
  given: NodeJS.ProcessEnv,
  file: string,
  onRefused: (why: string) => void,
): Promise<Part> {
  if (given.FLAG_PROVIDER === 'env') {
    return { env: {}, what: 'none: ROLLOUT_PERCENT is the percent', stop: async () => {} };
  }
  if (given.FLAGD_HOST || given.FLAGD_PORT || given.FLAGD_SYNC_PORT || given.FLAGD_SOCKET_PATH) {
    return { env: {}, what: 'the flagd that FLAGD_* names', stop: async () => {} };
  }
  await ensureFlagsFile(file, given.ROLLOUT_FLAG || 'violation-status-domain-percent');
  const flagd = await findFlagd(given);
  const server = flagd ? await startFlagd(flagd, file, 0) : await startFlagServer(file, 0, onRefused);
  return {
    env: { FLAGD_HOST: '127.0.0.1', FLAGD_PORT: String(server.port), FLAGS_FILE: file },
    what: `${file}    change defaultVariant to p5, p10, p25, p50, p100 or off (served by ${flagd ? 'flagd' : 'the built-in flag server'})`,
    stop: server.stop,
  };
}
