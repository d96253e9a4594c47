import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type SystemHere, startSystem } from '../support/system/system.ts';
import { inCode, pages, prose, read, table } from './pages.ts';

type Program = 'service' | 'controller';
/** Names of ours that are no metrics: the roles of the database. */
const ROLES = new Set(['sluice_service', 'sluice_controller', 'sluice_check', 'sluice_repair']);

describe('what both programs serve', () => {
  let system: SystemHere;
  const scraped = {} as Record<Program, string>;
  let openApi: { readonly paths: Readonly<Record<string, object>> };

  before(async () => {
    system = await startSystem();
    const { service } = system;
    const controller = await system.startController({ plan: read('rollout.yaml') });
    await service.update(1, 'status=confirmed');
    scraped.service = (await service.admin('/metrics')).text;
    scraped.controller = (await controller.get('/metrics')).text;
    openApi = (await controller.get('/api/openapi.json')).json;
  });
  after(() => system[Symbol.asyncDispose]());

  for (const program of ['service', 'controller'] as const) {
    for (const page of ['docs/metrics.md', 'docs/zh/metrics.md']) {
      test(`${page} has what the ${program} says, no more and no less`, () => {
        const documented = table(page, `${program} metrics`).map(([name = '']) => inCode(name)[0]);
        assert.deepEqual(documented.toSorted(), namesOf(scraped[program]));
      });

      test(`${page} has the labels of the ${program}'s metrics`, () => {
        const labels = labelsOf(scraped[program]);
        for (const [name = '', written = ''] of table(page, `${program} metrics`)) {
          const found = labels.get(inCode(name)[0] ?? '');
          assert.ok(found === undefined || found.join(', ') === written, `${name}: ${found?.join(', ')}`);
        }
        assert.ok(labels.size >= 8, 'most metrics have series after one request');
      });
    }
  }

  for (const page of ['docs/controller.md', 'docs/zh/controller.md']) {
    test(`${page} has every route of the controller's API`, () => {
      const documented = table(page, 'api').map(([route = '']) => inCode(route)[0] ?? '');
      const served = Object.entries(openApi.paths).flatMap(([path, methods]) =>
        Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
      );
      assert.deepEqual(documented.toSorted(), served.toSorted());
    });
  }

  test('every metric that a page names exists', () => {
    const known = new Set([...namesOf(scraped.service), ...namesOf(scraped.controller)]);
    const wrong = pages()
      .filter(({ path }) => path !== 'CHANGELOG.md')
      .flatMap(({ path, text }) =>
        inCode(prose(text))
          .flatMap((code) => code.match(/\bsluice_\w+/g) ?? [])
          .map((name) => name.replace(/_(bucket|sum|count)$/, ''))
          .filter((name) => !known.has(name) && !ROLES.has(name) && !name.endsWith('_'))
          .map((name) => `${path}: ${name}`),
      );
    assert.deepEqual(wrong, []);
  });
});

/** Ours, without those of Node and of the process. */
const namesOf = (page: string): string[] =>
  Array.from(page.matchAll(/^# TYPE (\S+)/gm), ([, name = '']) => name)
    .filter((name) => !/^(nodejs|process)_/.test(name))
    .sort();

/** The label names of each metric that has a series, but `le`. */
function labelsOf(page: string): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const [, name = '', labels = ''] of page.matchAll(/^(\w+?)(?:_bucket|_sum|_count)?\{([^}]*)\}/gm)) {
    const names = Array.from(labels.matchAll(/(\w+)="/g), ([, label = '']) => label);
    found.set(name, found.get(name) ?? names.filter((label) => label !== 'le'));
  }
  return found;
}
