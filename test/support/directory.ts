import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder for logs and data, gone when disposed of, unless SLUICE_E2E_KEEP is set. */
export async function temporaryDirectory(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'sluice-e2e-'));
  return {
    path,
    [Symbol.asyncDispose]: async () => {
      if (process.env.SLUICE_E2E_KEEP) {
        console.error(`kept ${path}`);
      } else {
        await rm(path, { recursive: true, force: true });
      }
    },
  };
}
