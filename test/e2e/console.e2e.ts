import assert from 'node:assert/strict';
import { mkdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import type { MeasurementsAnswer } from '../../src/contract/measurements.ts';
import type { StatusAnswer } from '../../src/contract/schemas.ts';
import { until } from '../../src/dev/until.ts';
import { type Controller, TOKEN } from '../support/system/controller.ts';
import { FLAG } from '../support/system/flags.ts';
import type { Replica } from '../support/system/replica.ts';
import { startSystem } from '../support/system/system.ts';
import { type Browser, type Opened, startBrowser } from './support/browser.ts';
import { findTestTools } from './support/tools.ts';

/** Long stages: the tests move on by hand. No guard on latency can breach on a slow machine. */
const PLAN = `
rollout: violation-status
flag: ${FLAG}
stages:
  - { percent: 5,   observe: 30m }
  - { percent: 25,  observe: 30m, approval: required }
  - { percent: 100, observe: 2h }
guards:
  - { name: p95,    measure: latency-p95,  limit: 10s, onBreach: off }
  - { name: errors, measure: error-rate,   limit: 1%,  onBreach: off }
minSamples: 10
`;

const tools = await findTestTools();

describe('the console', { skip: tools.skipWithout('chromium') }, () => {
  const stack = new AsyncDisposableStack();
  const driving = new AbortController();
  let services: readonly Replica[];
  let browser: Browser;
  let opened: Opened;
  let url: string;
  let controller: Controller;

  before(async () => {
    const system = stack.use(await startSystem({ replicas: 2 }));
    services = system.replicas.all;
    controller = await system.startController({ plan: PLAN, env: { TICK_MS: '200' } });
    url = `${controller.url}/`;
    browser = stack.use(await startBrowser());
    opened = stack.use(await browser.open(url));
  });
  after(async () => {
    driving.abort();
    await stack.disposeAsync();
  });

  const says = (text: RegExp, selector = '.headline') =>
    opened.page.locator(selector).filter({ hasText: text }).first().waitFor();

  async function looksRight(name: string): Promise<void> {
    await opened.screenshot(name);
    assert.deepEqual(await opened.accessibilityProblems(), []);
    assert.deepEqual(opened.complaints(), []);
  }

  const untilStatus = (what: string, condition: (status: StatusAnswer) => boolean) =>
    until(what, async () => condition(await controller.status()));

  /** @param token given where the page has none yet. */
  async function command(name: string, token?: string): Promise<void> {
    const { page } = opened;
    await page.locator(`button[data-command=${name}]`).click();
    await page.locator('#command-reason').fill(`to see ${name}`);
    if (token !== undefined) {
      await page.locator('#command-actor').fill('ana');
      await page.locator('#command-token').fill(token);
    }
    await page.locator('#command-confirm').click();
    await page.locator('#command-outcome.good').waitFor();
    await page.locator('#command-close').click();
  }

  const drive = async (service: Replica) => {
    for (let call = 0; !driving.signal.aborted; call += 1) {
      await service.update(1 + (call % 1_000), 'status=confirmed&force_domain=true').catch(() => {});
    }
  };

  test('idle: says that nothing is rolled out, and what comes next', async () => {
    await says(/Nothing is rolled out/);
    await says(/All 2 replicas serve 0 %/, '.card p');
    await looksRight('idle');
  });

  test('needs a token for a change, refuses a wrong one, asks again, and then never more in this tab', async () => {
    const { page } = opened;
    await untilStatus('it may be started', ({ controller }) => controller.noRaise === null);
    await page.locator('button[data-command=start]').click();
    await page.locator('#command-confirm').click();
    await says(/A change needs the token/, '#command-outcome');
    await page.locator('#command-token').fill('a-wrong-token-of-some-length');
    await page.locator('#command-actor').fill('ana');
    await page.locator('#command-confirm').click();
    await says(/Why\?/, '#command-outcome');
    await page.locator('#command-reason').fill('change 4711');
    await page.locator('#command-confirm').click();
    await says(/The token was refused/, '#command-outcome');
    await page.locator('#command-token').fill(TOKEN);
    await page.locator('#command-confirm').click();
    await says(/Started at 5 %/, '#command-outcome');
    await opened.screenshot('dialog');
    await page.locator('#command-close').click();
    await says(/5 % for/);
    assert.ok(opened.complaints().every((text) => text.includes('401')));
    (opened.complaints() as string[]).length = 0;
    assert.equal(await page.locator('#command-token-label').isVisible(), false);
  });

  test('no data: says that a stage without traffic holds, and why', async () => {
    await says(/no data/);
    await says(/Holds: .*no domain requests/, '.now p');
    await looksRight('no-data');
  });

  test('observing: shows both paths live, every guard healthy, who moved it and the time to go', async () => {
    for (const service of services) {
      void drive(service);
    }
    await says(/5 % for .*; (30|29) min( \d+ s)? to go; all guards healthy/);
    await says(/by ana/, '.ladder li.now');
    await says(/as wanted/, 'td');
    await until('the charts have measurements', async () => (await opened.page.locator('.plot canvas').count()) === 5);
    await until('traffic is shown', async () => {
      const label = await opened.page.locator('#chart-traffic').getAttribute('aria-label');
      return !/domain 0\/s/.test(label ?? '');
    });
    // As the plan writes them.
    await says(/^limit 10s$/, '.key.limit');
    await says(/^limit 1%$/, '.key.limit');
    await looksRight('observing');
  });

  test('paused: says that nothing is promoted and that guards go on; resume goes on', async () => {
    await command('pause');
    await says(/paused/);
    await looksRight('paused');
    await command('resume');
    await says(/to go/);
  });

  test('awaiting approval: says so, and approving enters the stage', async () => {
    await untilStatus('it may be promoted', ({ holding }) => holding === null);
    await command('promote');
    await says(/waiting for approval/);
    await looksRight('awaiting-approval');
    await untilStatus(
      'it may be approved',
      ({ controller, holding }) => controller.noRaise === null && holding === null,
    );
    await command('approve');
    await says(/25 % for/);
  });

  test('history: each decision opens with its evidence, is found by its address, by kind and by text', async () => {
    const { page } = opened;
    const promoted = page.locator('.history > li').filter({ hasText: 'Promoted from 5 % to 25 %' });
    const link = await promoted.locator('a').getAttribute('href');
    await promoted.locator('summary').click();
    await says(/errors \(scrape\): 0 % \/ 1%, [\d,]+ Samples, healthy/, '.history details[open] li');
    await page.locator('#search').fill('approval');
    await until('only what matches is shown', async () => (await page.locator('.history > li').count()) <= 3);
    await page.locator('#search').fill('');
    await page.locator('#filter').selectOption('problems');
    await until('no decision is among the problems', async () => (await promoted.count()) === 0);
    await page.locator('#filter').selectOption('all');
    await using other = await browser.open(`${url}${link}`);
    await other.page.locator('.history > li.found details[open]').waitFor();
    await other.screenshot('deep-link');
  });

  test('complete: says that the guards go on watching', async () => {
    for (const wanted of [100, 100]) {
      await untilStatus('it may be promoted', ({ controller, holding, state }) => {
        return controller.noRaise === null && holding === null && state.phase === 'observing';
      });
      await command('promote');
      await says(new RegExp(`${wanted} % for`));
    }
    await says(/Next: the guards go on watching/, '.now p');
    await opened.page.locator('#rollback').click();
    assert.deepEqual(await opened.page.locator('#command-to option').allTextContents(), ['0 %', '5 %', '25 %']);
    await opened.page.locator('#command-close').click();
    await looksRight('complete');
  });

  test('speaks Chinese where the browser does, and in the dark, on a small screen, without scrolling sideways', async () => {
    await using small = await browser.open(url, {
      locale: 'zh-CN',
      colorScheme: 'dark',
      viewport: { width: 375, height: 812 },
    });
    await small.page.locator('.headline').filter({ hasText: '100 % 已持续' }).waitFor();
    await until('the charts are drawn', async () => (await small.page.locator('.plot canvas').count()) === 5);
    assert.equal(await small.page.evaluate('document.documentElement.scrollWidth'), 375);
    await small.screenshot('small-chinese-dark');
    assert.deepEqual(await small.accessibilityProblems(), []);
    await small.page.locator('#language').selectOption('en');
    await small.page.locator('.headline').filter({ hasText: '100 % for' }).waitFor();
    await small.page.reload();
    await small.page.locator('.headline').filter({ hasText: '100 % for' }).waitFor();
    assert.deepEqual(small.complaints(), []);
  });

  test('a replica that cannot be asked stands out, first in its table', async () => {
    const [, second] = services;
    await second?.stop();
    await says(/unknown/, 'tbody tr.disagrees:first-child td');
    await looksRight('replica-disagrees');
  });

  test('the controller lost: says since when, shows nothing as if it were of now, and comes back by itself', async () => {
    await controller.stop();
    await says(/The controller does not answer\. All that follows is from/, '.banner.bad');
    assert.equal(await opened.page.locator('.stale .headline').count(), 1);
    await opened.screenshot('controller-lost');
    assert.deepEqual(await opened.accessibilityProblems(), []);
    await controller.restart();
    await until('it is there again', async () => (await opened.page.locator('.stale').count()) === 0);
    await says(/Promoted from 25 % to 100 %/, '.history > li');
    const label = opened.page.locator('#chart-traffic');
    await label.waitFor();
    const measurements = async (): Promise<MeasurementsAnswer> => (await controller.get('/api/measurements')).json;
    await until('the old ones are read', async () => (await measurements()).complete);
    const { points } = await measurements();
    assert.ok(
      points.some(({ percent }) => percent === 5),
      'what was measured before the restart is there still',
    );
    (opened.complaints() as string[]).length = 0;
  });

  test('rolls back from the keyboard while all else on the page is broken', async () => {
    await using broken = await browser.open('about:blank');
    await broken.page.route(/main\.ts|vendor|stream|wording|style\.css/, (route) => route.abort());
    await broken.page.goto(url);
    const { page } = broken;
    await page.locator('#rollback').focus();
    await page.keyboard.press('Enter');
    await page.locator('#command-token').fill(TOKEN);
    await page.keyboard.press('Enter');
    await page.locator('#command-outcome.good').filter({ hasText: 'Rolled back from 100 % to 0 %' }).waitFor();
    await until('the replica serves 0', async () => (await services[0]?.metric('sluice_flag_percent')) === 0);
    await broken.screenshot('broken-page-rolled-back');
  });

  test('rolled back: says it, marks it in the history, and offers to start anew', async () => {
    await says(/Rolled back to 0 %/);
    await says(/rolled back/, '.history .kind.bad');
    await opened.page.locator('button[data-command=start]').waitFor();
    await looksRight('rolled-back');
  });
});

test('a lever that fails, and targeting that serves domain at 0 %, stand out in both languages while they last', {
  skip: tools.skipWithout('chromium'),
}, async () => {
  await using system = await startSystem();
  const { file } = system.flags;
  const whole = JSON.parse(await readFile(file, 'utf8'));
  whole.flags[FLAG].targeting = { if: [{ '==': [{ var: 'handled_by' }, 'qa'] }, 'p100', null] };
  await writeFile(file, JSON.stringify(whole));
  const controller = await system.startController({ plan: PLAN, env: { TICK_MS: '200' } });
  await using browser = await startBrowser();
  await using opened = await browser.open(`${controller.url}/`);
  const banner = (tone: 'bad' | 'warn', text: RegExp) =>
    opened.page.locator(`.banner.${tone}`).filter({ hasText: text });
  await banner('warn', /may still send requests to domain \(by p100\)/).waitFor();
  await rm(file);
  await mkdir(file);
  await banner('bad', /The lever fails: .*EISDIR/).waitFor();
  assert.deepEqual(await opened.accessibilityProblems(), []);
  await rmdir(file);
  await writeFile(file, JSON.stringify(whole));
  await banner('bad', /The lever fails/).waitFor({ state: 'detached' });
  await opened.page.locator('#language').selectOption('zh');
  await banner('warn', /仍可能把请求交给新实现（p100）/).waitFor();
});

test('the page may load nothing from elsewhere, run nothing inline, and be framed by nobody', {
  skip: tools.skipWithout('chromium'),
}, async () => {
  const { readAssets } = await import('../../src/controller/console/serve.ts');
  const { byPath, contentSecurityPolicy } = readAssets();
  assert.match(contentSecurityPolicy, /default-src 'none'.*frame-ancestors 'none'/);
  assert.ok(!contentSecurityPolicy.includes('unsafe'));
  for (const [path, { body }] of byPath) {
    const addresses = body.match(/https?:\/\/(?!www\.w3\.org)[^\s'"`)]+/g) ?? [];
    assert.ok(path.startsWith('console/vendor/') || addresses.length === 0, `${path} names ${addresses}`);
  }
});
