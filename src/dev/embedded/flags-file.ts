import { access, writeFile } from 'node:fs/promises';

/** The flag of a rollout that has not begun. */
function initialFlags(flag: string): string {
  const definition = {
    $schema: 'https://flagd.dev/schema/v0/flags.json',
    flags: {
      [flag]: {
        state: 'ENABLED',
        variants: { off: 0, p5: 5, p10: 10, p25: 25, p50: 50, p100: 100 },
        defaultVariant: 'off',
      },
    },
  };
  return `${JSON.stringify(definition, null, 2)}\n`;
}

/** Makes the flags file, unless there is one. */
export async function ensureFlagsFile(file: string, flag: string): Promise<void> {
  try {
    await access(file);
  } catch {
    await writeFile(file, initialFlags(flag));
  }
}
