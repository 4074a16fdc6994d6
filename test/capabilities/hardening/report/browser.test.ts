/**
 * Guards the page as people have it before them: in a real browser it filters, prints, loads nothing, is accessible, and runs no text.
 * Skipped, with a notice, where there is no Chromium.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { AxeResults } from 'axe-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Assessment, FindingState } from '../../../../src/capabilities/hardening/finding.ts';
import { renderHtml } from '../../../../src/capabilities/hardening/report/html.ts';
import { finding, hostileAssessment, wholeAssessment } from './assessments.ts';
import { findChromium, launch } from './browser.ts';

const executable = await findChromium();
if (executable === undefined) {
  process.stderr.write(
    'No Chromium here: the HTML report is not opened in a browser. (Debian: apt-get install chromium)\n',
  );
}

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const assessed = [
  wholeAssessment('cis-1.12'),
  wholeAssessment('stig'),
  wholeAssessment('stig', { unit: 'k8s-worker/0' }),
];
const findings = assessed.flatMap((one) => one.findings);

let folder: string;
let browser: Browser;
let page: Page;
/** What a page may not do: ask for anything but itself, write to the console, fail, open a dialog. */
let undue: string[];

describe.skipIf(executable === undefined)('the page in a browser', () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'report-'));
    browser = await launch(executable ?? '');
  }, 90_000);

  afterEach(async () => {
    await page.context().close();
    expect(undue).toEqual([]);
  });

  afterAll(async () => {
    await browser.close();
    await rm(folder, { recursive: true });
  });

  it('shows all findings, and what fails and waits is open', async () => {
    await open(assessed);
    expect(await shown()).toBe(findings.length);
    expect(await page.getByRole('status').textContent()).toBe(`All ${findings.length} findings are shown`);
    expect(await page.locator('details[open]').count()).toBe(count('fail') + count('pending-restart'));
    const first = page.locator('section.assessment').first();
    expect(await first.locator('[data-group] h3 .state').first().textContent()).toBe('Fail');
    expect(await first.locator('details').first().getByText('Turn cis-mode on.').isVisible()).toBe(true);
  });

  it('filters by state, severity, assessment and text, and tells how many are left', async () => {
    await open(assessed);
    await page.getByRole('checkbox', { name: 'Pass' }).uncheck();
    await expectShown(findings.filter(({ state }) => state !== 'pass').length);

    await page.getByLabel('Severity').selectOption('high');
    const high = findings.filter(({ state, control }) => state !== 'pass' && control.severity === 'high');
    await expectShown(high.length);

    await page.getByLabel('Assessment').selectOption({ label: 'DISA Kubernetes STIG V2R6, k8s-worker/0' });
    const worker = assessed[2]?.findings.filter((one) => high.includes(one)) ?? [];
    await expectShown(worker.length);
    expect(await page.locator('section.assessment:visible').count()).toBe(1);

    await page.getByLabel('Text').fill(`RULE ${worker[0]?.number}`);
    await expectShown(1);
    expect(await page.locator('[data-group]:visible').count()).toBe(1);
    expect(await page.locator('[data-group]:visible [data-count]').textContent()).toBe('1');

    await page.getByLabel('Text').fill('no such words');
    await expectShown(0);
    expect(await page.locator('[data-nothing]:visible').textContent()).toBe('No finding fits the filter.');

    await page.getByRole('button', { name: 'Show all' }).click();
    await expectShown(findings.length);
  });

  it('opens and closes, and follows a link to a finding that the filter hides', async () => {
    await open(assessed);
    await page.getByRole('button', { name: 'Open all' }).click();
    expect(await page.locator('details[open]').count()).toBe(findings.length);
    await page.getByRole('button', { name: 'Close all' }).click();
    expect(await page.locator('details[open]').count()).toBe(0);

    await page.getByLabel('Text').fill('no such words');
    await expectShown(0);
    const link = page.locator('section[aria-labelledby=waivers] tbody a').first();
    const target = page.locator(`[id="${(await link.getAttribute('href'))?.slice(1)}"]`);
    await link.click();
    await target.waitFor({ state: 'visible' });
    await expect.poll(() => target.getAttribute('open')).not.toBeNull();
  });

  it('is used with the keyboard alone', async () => {
    await open([wholeAssessment('stig', { findings: [finding({ number: 'V-1', state: 'pass' })] })]);
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the findings');
    const summary = page.locator('summary').first();
    await summary.focus();
    await page.keyboard.press('Enter');
    expect(await page.locator('details').first().getAttribute('open')).not.toBeNull();
  });

  it('is complete without its script, and has no controls then', async () => {
    await open(assessed, { javaScriptEnabled: false });
    expect(await page.locator('details').count()).toBe(findings.length);
    expect(await page.locator('form').isVisible()).toBe(false);
    expect(await page.locator('[data-nothing]:visible').count()).toBe(0);
  });

  it('prints without controls, light, with what is open', async () => {
    await open(assessed, { colorScheme: 'dark' });
    expect(await background()).toBe('rgb(21, 23, 26)');
    await page.emulateMedia({ media: 'print' });
    expect(await page.locator('form').isVisible()).toBe(false);
    expect(await page.locator('nav').isVisible()).toBe(false);
    expect(await background()).toBe('rgb(255, 255, 255)');
    expect(await page.getByText('Turn cis-mode on.').first().isVisible()).toBe(true);
    expect(await isTooWide()).toBe(false);
    const pdf = await page.pdf({ preferCSSPageSize: true });
    expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
  });

  it.each([true, false])(
    'prints the evidence of what is closed on the screen (script: %s)',
    async (javaScriptEnabled) => {
      const evidence = [{ what: '--profiling of kube-apiserver', found: 'found-on-the-node' }];
      const passes = finding({ number: '1.2.15', state: 'pass', evidence });
      await open([wholeAssessment('cis-1.12', { findings: [passes] })], { javaScriptEnabled });
      expect(await page.getByText('found-on-the-node').isVisible()).toBe(false);
      await page.emulateMedia({ media: 'print' });
      expect(await page.getByText('found-on-the-node').boundingBox()).not.toBeNull();
    },
  );

  it('uses the width of a large screen', async () => {
    await open(assessed);
    await page.setViewportSize({ width: 1800, height: 1000 });
    const { width } = (await page.locator('main').boundingBox()) ?? expect.fail('no main');
    expect(width).toBeGreaterThan(1700);
  });

  it('shows every column of its tables on a phone', async () => {
    await open(assessed);
    await page.setViewportSize({ width: 360, height: 800 });
    const cut = await page.evaluate(
      "[...document.querySelectorAll('.scroll')].filter((one) => one.scrollWidth > one.clientWidth).length",
    );
    expect(cut).toBe(0);
  });

  it('fits screens, narrow and wide, also with values that have no blank in them', async () => {
    const suites = Array.from({ length: 12 }, (_, index) => `TLS_ECDHE_ECDSA_WITH_AES_${index}_GCM_SHA256`).join(',');
    const long = finding({
      reason: `--tls-cipher-suites of kubelet is ${suites}.`,
      evidence: [{ what: '--tls-cipher-suites of kubelet', found: suites, expected: suites }],
      remedy: `Set --tls-cipher-suites=${suites}.`,
    });
    await open([...assessed, wholeAssessment('cis-1.24', { findings: [long] })]);
    for (const width of [320, 768, 1280]) {
      await page.setViewportSize({ width, height: 800 });
      expect(await isTooWide(), `${width} pixels`).toBe(false);
    }
  });

  it.each(['light', 'dark'] as const)('has no problem of accessibility that axe knows (%s)', async (colorScheme) => {
    // Each state is among them.
    const few = assessed.slice(0, 2).map((one) => ({ ...one, findings: one.findings.slice(0, 12) }));
    await open(few, { colorScheme, bypassCSP: true });
    await page.getByRole('button', { name: 'Open all' }).click();
    expect(await problems()).toEqual([]);
  });

  it('runs nothing and shows as text what was put into it', async () => {
    const hostile = hostileAssessment('cis-1.12');
    await open([hostile]);
    expect(await page.locator('img, evil, [onmouseover], main script').count()).toBe(0);
    expect(await page.getByText('<script>alert(1)</script>', { exact: true }).count()).toBeGreaterThan(0);
    await expectShown(hostile.findings.length);
  });
});

async function open(assessments: readonly Assessment[], options: BrowserContextOptions = {}): Promise<void> {
  const file = join(folder, 'report.html');
  await writeFile(file, renderHtml(assessments));
  const address = pathToFileURL(file).href;
  page = await (await browser.newContext(options)).newPage();
  undue = [];
  page.on('request', (request) => {
    if (request.url().split('#')[0] !== address) undue.push(request.url());
  });
  page.on('console', (message) => undue.push(message.text()));
  page.on('pageerror', (error) => undue.push(error.message));
  page.on('dialog', (dialog) => {
    undue.push(dialog.message());
    void dialog.dismiss();
  });
  await page.goto(address, { waitUntil: 'load' });
}

function count(wanted: FindingState): number {
  return findings.filter(({ state }) => state === wanted).length;
}

function shown(): Promise<number> {
  return page.locator('details:visible').count();
}

async function expectShown(expected: number): Promise<void> {
  await expect.poll(shown).toBe(expected);
  expect(await page.getByRole('status').textContent()).toContain(`${expected}`);
}

function background(): Promise<string> {
  return page.evaluate('getComputedStyle(document.body).backgroundColor');
}

function isTooWide(): Promise<boolean> {
  return page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth');
}

/** What is wrong and where, by the rules of WCAG 2.2 AA and of good practice. */
async function problems(): Promise<readonly string[]> {
  await page.addScriptTag({ path: axe });
  const { violations } = await page.evaluate<AxeResults>('axe.run()');
  return violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(' ')}`));
}
