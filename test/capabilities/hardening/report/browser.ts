/** Chromium of the distribution. Playwright only drives it: it downloads no browser of its own. */

import { access, constants } from 'node:fs/promises';
import { type Browser, chromium } from 'playwright-core';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/snap/bin/chromium'];

export async function findChromium(): Promise<string | undefined> {
  for (const place of [process.env['CHROMIUM'] ?? '', ...PLACES]) {
    const isThere = await access(place, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return place;
  }
  return undefined;
}

/** Without its sandbox, which root may not use and which is there for pages that are not our own; containers have little in /dev/shm. */
export function launch(executablePath: string): Promise<Browser> {
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'], timeout: 60_000 });
}
