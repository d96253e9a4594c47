import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../../src/dev/embedded/flagd.ts';
import { startProcess } from '../../test/e2e/support/processes.ts';

export const SCRAPE_EVERY_SECONDS = 5;

export type Prometheus = AsyncDisposable & { readonly url: string };

/** A real Prometheus that scrapes the replicas and nothing else. */
export async function startPrometheus(
  program: string,
  directory: string,
  replicas: readonly string[],
): Promise<Prometheus> {
  const every = `${SCRAPE_EVERY_SECONDS}s`;
  const config = join(directory, `prometheus-${replicas.length}.json`);
  // JSON is YAML too.
  await writeFile(
    config,
    JSON.stringify({
      global: { scrape_interval: every, scrape_timeout: every },
      scrape_configs: [{ job_name: 'sluice-service', static_configs: [{ targets: replicas }] }],
    }),
  );
  const url = `http://127.0.0.1:${await freePort()}`;
  const process = await startProcess({
    name: 'prometheus',
    command: program,
    args: [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(directory, `prometheus-${replicas.length}`)}`,
      `--web.listen-address=${new URL(url).host}`,
      '--log.level=warn',
    ],
    directory,
  });
  const stop = async () => {
    await process.stop();
  };
  try {
    await process.untilOk(`${url}/-/ready`);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, [Symbol.asyncDispose]: stop };
}
