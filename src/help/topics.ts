import type { HelpPage, TopicText } from './page.ts';

/** A page of help that belongs to no command. */
export interface Topic {
  readonly name: string;
  readonly summary: string;
  /** Its words are read only when they are asked for. */
  page(): Promise<HelpPage>;
}

const topic = (name: string, summary: string, load: () => Promise<TopicText>): Topic => ({
  name,
  summary,
  page: async () => ({ name: `ebill help ${name}`, summary, usage: [], ...(await load()) }),
});

/** `ebill help TOPIC` (cli.md, "Commands"). */
export const TOPICS: readonly Topic[] = [
  topic(
    'exit-codes',
    'what each exit code means, and what a script does about it',
    async () => (await import('./topics/exit-codes.ts')).exitCodes,
  ),
  topic(
    'environment',
    'the variables that are read, and what wins over what',
    async () => (await import('./topics/environment.ts')).environment,
  ),
  topic(
    'plan',
    'the plan file of ebill run, key by key',
    async () => (await import('./topics/plan.ts')).plan,
  ),
  topic(
    'security',
    'what is kept where, what is hidden, and what is sent to whom',
    async () => (await import('./topics/security.ts')).security,
  ),
  topic(
    'json',
    'the document of --json, and the events of --progress json',
    async () => (await import('./topics/json.ts')).json,
  ),
  topic(
    'ci',
    'a load in GitHub Actions, GitLab and cron, killed or not',
    async () => (await import('./topics/ci.ts')).ci,
  ),
];

/** `null`: no topic. */
export const topicNamed = (name: string): Topic | null => TOPICS.find((one) => one.name === name) ?? null;
