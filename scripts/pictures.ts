import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Browser, chromium } from 'playwright-core';
import { renderStatus } from '../src/cli/render/status.ts';
import { createPaint } from '../src/cli/terminal/output.ts';
import { startParts } from '../src/dev/demo/parts.ts';
import { startTraffic } from '../src/dev/demo/traffic.ts';
import { untilStatus } from '../src/dev/demo/wait.ts';
import { findTools } from '../src/dev/tools/find.ts';

/*
 * npm run pictures: makes the pictures of the README anew, of a real system: two replicas under load, with the plan of
 * rollout.yaml, which `promote` takes to 25 % faster than its times would.
 */

const ROOT = join(import.meta.dirname, '..');
const IMAGES = join(ROOT, 'docs/images');
const PER_SECOND = 100;
const STAGES = [5, 10, 25];
/** So that the charts have something to show. */
const AT_EACH_STAGE_MS = 60_000;
const CLIMB_WITHIN_MS = 120_000;
const COLUMNS = 104;

/** What a terminal's codes look like in a browser. */
const STYLES: Readonly<Record<string, string>> = {
  1: 'font-weight:bold',
  2: 'opacity:.6',
  31: 'color:#ff7b72',
  32: 'color:#7ee787',
  33: 'color:#e3b341',
  36: 'color:#76e3ea',
};

await mkdir(IMAGES, { recursive: true });
await using stack = new AsyncDisposableStack();
const { signal } = new AbortController();
const onProgress = (what: string) => process.stderr.write(`${what}\n`);
const parts = await startParts({ replicas: 2, signal, onProgress });
stack.defer(parts.stop);
const plan = await readFile(join(ROOT, 'rollout.yaml'), 'utf8');
// On one machine both paths take a few milliseconds, and the ratio of those is noise.
const calm = plan.replace('minSamples: 200', 'minSamples: 20').replace(/^.*name: p95-ratio.*\n/m, '');
const controller = await parts.startController(calm);
stack.defer(controller.stop);
const traffic = startTraffic({ baseUrls: parts.baseUrls, perSecond: PER_SECOND });
stack.defer(traffic.stop);
const chromiumFile = (await findTools()).require('chromium');

for (const percent of STAGES) {
  await untilHealthy();
  await controller.command({
    command: percent === STAGES[0] ? 'start' : 'promote',
    actor: 'ana',
    reason: 'change 4711',
  });
  onProgress(`${percent} %`);
  await sleep(AT_EACH_STAGE_MS);
}
const browser = await chromium.launch({ executablePath: chromiumFile });
stack.defer(() => browser.close());
await untilHealthy();
await pictureConsole(browser, controller.url);
await pictureStatus(browser, await controller.status());

function untilHealthy() {
  return untilStatus(
    controller,
    'the percent may rise',
    ({ controller: { noRaise }, holding }) => noRaise === null && holding === null,
    { timeoutMs: CLIMB_WITHIN_MS, signal },
  );
}

async function pictureConsole(chrome: Browser, url: string): Promise<void> {
  const page = await chrome.newPage({ locale: 'en-GB', viewport: { width: 1_280, height: 1_080 } });
  await page.goto(url);
  await page.locator('.plot canvas').first().waitFor();
  await page.locator('#range').selectOption('5');
  await sleep(3_000);
  await page.screenshot({ path: join(IMAGES, 'console.png') });
}

async function pictureStatus(chrome: Browser, status: Parameters<typeof renderStatus>[0]): Promise<void> {
  const text = renderStatus(status, { paint: createPaint(true), columns: COLUMNS });
  const page = await chrome.newPage({ deviceScaleFactor: 1.25 });
  await page.setContent(
    `<pre style="display:inline-block;margin:0;padding:16px 20px;background:#16191d;color:#d8dee4;font:13px/1.35 'DejaVu Sans Mono',monospace"><b>$ sluice status</b>\n\n${toHtml(text)}</pre>`,
  );
  await page.locator('pre').screenshot({ path: join(IMAGES, 'status.png') });
}

/** A terminal's colours as spans: each code of ours begins one, and each of its endings ends it. */
function toHtml(text: string): string {
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is how a terminal is controlled.
  return escaped.replaceAll(/\u001b\[(\d+)m/g, (_, code: string) =>
    STYLES[code] === undefined ? '</span>' : `<span style="${STYLES[code]}">`,
  );
}
