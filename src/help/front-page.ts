import { readFileSync } from 'node:fs';
import type { HelpPage } from './page.ts';

/** Within `dist`, where the build writes it. */
export const FRONT_PAGE = 'help/ebill.json';

/** Does the call ask for the program's own help, and nothing else? */
export const asksForFrontPage = (argv: readonly string[]): boolean =>
  argv.length === 1 && ['--help', '-h', 'help'].includes(argv[0] ?? '');

/**
 * The page of `ebill --help`, as the build wrote it down: to print it takes a third less than to declare all options to
 * commander first (performance.md, "Start-up"). `null` where there is no build, as when the sources run.
 */
export function frontPage(): HelpPage | null {
  try {
    return JSON.parse(readFileSync(new URL(`../${FRONT_PAGE}`, import.meta.url), 'utf8')) as HelpPage;
  } catch {
    return null;
  }
}
