import { readFileSync } from 'node:fs';

import type { HelpPage, TopicText } from './text.ts';

/** Path of the built front page within `dist`. */
export const FRONT_PAGE = 'help/ebill.json';

export const asksForFrontPage = (argv: readonly string[]): boolean =>
  argv.length === 1 && ['--help', '-h', 'help'].includes(argv[0] ?? '');

/**
 * The page of `ebill --help` as the build wrote it. Printing it takes a third less time than declaring all options to
 * commander first. `null` where there is no build, such as when the sources run.
 */
export function frontPage(): HelpPage | null {
  try {
    return JSON.parse(readFileSync(new URL(`../${FRONT_PAGE}`, import.meta.url), 'utf8')) as HelpPage;
  } catch {
    return null;
  }
}

/** A help page that belongs to no command. */
interface Topic {
  readonly name: string;
  readonly summary: string;
  /** Loads the text. */
  page(): Promise<HelpPage>;
}

const topic = (name: string, summary: string, load: () => Promise<TopicText>): Topic => ({
  name,
  summary,
  page: async () => ({ name: `ebill help ${name}`, summary, usage: [], ...(await load()) }),
});

/** `ebill help TOPIC`. */
export const TOPICS: readonly Topic[] = [
  topic(
    'exit-codes',
    'exit codes, and what a script should do after each',
    async () => (await import('./topics/exit-codes.ts')).exitCodes,
  ),
  topic(
    'environment',
    'environment variables and their precedence',
    async () => (await import('./topics/environment.ts')).environment,
  ),
  topic(
    'plan',
    'the plan file of ebill run and its keys',
    async () => (await import('./topics/plan.ts')).plan,
  ),
  topic(
    'security',
    'what is stored, what is hidden, and what is sent where',
    async () => (await import('./topics/security.ts')).security,
  ),
  topic(
    'json',
    'the document of --json and the events of --progress json',
    async () => (await import('./topics/json.ts')).json,
  ),
  topic('ci', 'loads in GitHub Actions, GitLab and cron', async () => (await import('./topics/ci.ts')).ci),
];

export const topicNamed = (name: string): Topic | null => TOPICS.find((one) => one.name === name) ?? null;
