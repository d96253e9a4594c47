import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../embedded/flagd.ts';
import { type RunningProcess, startProcess } from './process.ts';

const ROUTING = join(import.meta.dirname, '../../../monitoring/alertmanager/alertmanager.yaml');
/** What the project's file says, for a cluster; both are replaced here, and nothing else is. */
const CLUSTER_URL = 'http://sluice-controller:8090/api/alerts';
const CLUSTER_TOKEN_FILE = '/etc/alertmanager/secrets/sluice-controller/token';

export type Alertmanager = AsyncDisposable & {
  /** `host:port`, as Prometheus wants it. */
  readonly address: string;
  readonly url: string;
  readonly process: RunningProcess;
};

export type AlertmanagerOptions = {
  readonly program: string;
  readonly directory: string;
  /** The controller's `/api/alerts`. */
  readonly webhookUrl: string;
  readonly token: string;
};

/** The real Alertmanager with the project's own routing file. */
export async function startAlertmanager(options: AlertmanagerOptions): Promise<Alertmanager> {
  const { program, directory, webhookUrl, token } = options;
  const tokenFile = join(directory, 'alertmanager-token');
  const config = join(directory, 'alertmanager.yaml');
  await writeFile(tokenFile, token, { mode: 0o600 });
  const routing = replaceOnce(await readFile(ROUTING, 'utf8'), CLUSTER_URL, webhookUrl);
  await writeFile(config, replaceOnce(routing, CLUSTER_TOKEN_FILE, tokenFile));
  const address = `127.0.0.1:${await freePort()}`;
  const process = await startProcess({
    name: 'alertmanager',
    command: program,
    args: [
      `--config.file=${config}`,
      `--storage.path=${join(directory, 'alertmanager')}`,
      `--web.listen-address=${address}`,
      // Alone, it needs no gossip with others, and no port for it.
      '--cluster.listen-address=',
      '--log.level=warn',
    ],
    directory,
  });
  try {
    await process.untilOk(`http://${address}/-/ready`);
  } catch (error) {
    await process.stop();
    throw error;
  }
  return {
    address,
    url: `http://${address}`,
    process,
    [Symbol.asyncDispose]: async () => {
      await process.stop();
    },
  };
}

function replaceOnce(text: string, before: string, after: string): string {
  const parts = text.split(before);
  if (parts.length !== 2) {
    throw new Error(`${ROUTING} should have ${before} once; it has it ${parts.length - 1} times`);
  }
  return parts.join(after);
}
