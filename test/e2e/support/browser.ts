import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import axe from 'axe-core';
import { type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { findTools } from '../../../src/dev/tools/find.ts';

/** For a person to look at after a run. */
const SCREENSHOTS = join(import.meta.dirname, '../../../.sluice/screenshots');

export type Opened = AsyncDisposable & {
  readonly page: Page;
  /** What the page complained of so far: errors on its console, and exceptions that nobody caught. */
  readonly complaints: () => readonly string[];
  readonly screenshot: (name: string) => Promise<void>;
  /** What axe finds against WCAG 2.2 AA, each as its rule and the element. */
  readonly accessibilityProblems: () => Promise<readonly string[]>;
};

export type Browser = AsyncDisposable & {
  readonly open: (url: string, options?: BrowserContextOptions) => Promise<Opened>;
};

export async function startBrowser(): Promise<Browser> {
  const browser = await chromium.launch({ executablePath: (await findTools()).require('chromium') });
  await mkdir(SCREENSHOTS, { recursive: true });
  return {
    open: async (url, options) => {
      const context = await browser.newContext({
        locale: 'en-GB',
        viewport: { width: 1_280, height: 900 },
        ...options,
      });
      const page = await context.newPage();
      page.setDefaultTimeout(15_000);
      const complaints: string[] = [];
      page.on('console', (message) => {
        if (message.type() === 'error' || message.type() === 'warning') {
          complaints.push(message.text());
        }
      });
      page.on('pageerror', (error) => complaints.push(String(error)));
      await page.goto(url);
      return {
        page,
        complaints: () => complaints,
        screenshot: async (name) => {
          await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), fullPage: true });
        },
        accessibilityProblems: () => findProblems(page),
        [Symbol.asyncDispose]: () => context.close(),
      };
    },
    [Symbol.asyncDispose]: () => browser.close(),
  };
}

async function findProblems(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate<axe.AxeResults>(
    "axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })",
  );
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')}: ${failureSummary}`),
  );
}
