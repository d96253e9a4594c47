import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';

/*
 * npm run k8s:generate: writes what the manifests repeat of other files. kustomize takes no files from outside of its own
 * folders; a test compares what is here with what this would write.
 */

const ROOT = join(import.meta.dirname, '..');
const RULES = 'monitoring/rules';
const LEASE =
  'lease: 10m                       # without a controller that renews it, the flag falls to 0 % by itself\n';

type Rules = { readonly groups: readonly unknown[] };

/** @returns the generated files' contents by their paths in the project. */
export async function generateManifests(): Promise<Record<string, string>> {
  const read = (path: string) => readFile(join(ROOT, path), 'utf8');
  const plan = await read('rollout.yaml');
  const files = (await readdir(join(ROOT, RULES))).filter((name) => name.endsWith('.yaml')).sort();
  const rules = await Promise.all(files.map(async (name) => parse(await read(`${RULES}/${name}`)) as Rules));
  const prometheusRule = {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: { name: 'sluice' },
    spec: { groups: rules.flatMap(({ groups }) => groups) },
  };
  const generated = (from: string) => `# Generated from ${from} by \`npm run k8s:generate\`: change it there.\n`;
  return {
    'k8s/base/rollout.yaml': generated('rollout.yaml') + plan,
    'k8s/components/lease/rollout.yaml': generated('rollout.yaml') + plan + LEASE,
    'k8s/components/prometheus-operator/rules.yaml':
      generated(`${RULES}/`) + stringify(prometheusRule, { lineWidth: 0, aliasDuplicateObjects: false }),
  };
}

if (import.meta.main) {
  for (const [path, content] of Object.entries(await generateManifests())) {
    await writeFile(join(ROOT, path), content);
  }
}
