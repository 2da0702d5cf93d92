import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const PATH = '/usr/bin/chromium';

/** Debian's Chromium is there. Elsewhere the tests that look at the page are skipped; `.ci/run` installs it. */
export const hasBrowser = existsSync(PATH);
if (!hasBrowser)
  process.stderr.write('no /usr/bin/chromium: the report page is not looked at (apt-get install chromium)\n');

export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: PATH,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
