import { visible, withoutCommands } from '../system/escaping.ts';

/** `notice` is for a success; a runner without such a level shows nothing. */
export type Level = 'error' | 'warning' | 'notice';

/** A CI runner: it takes some lines of a log, on stdout and stderr alike, for commands. */
export interface Runner {
  readonly name: string;
  /** An annotation of the job, as a line; `null` where it has none. Both texts are without secrets. */
  annotation(level: Level, title: string, text: string): string | null;
  /** Lines around a part of the log that can be folded. @param ms since 1970 */
  groupStart(name: string, ms: number): string;
  groupEnd(name: string, ms: number): string;
}

type Env = Readonly<Record<string, string | undefined>>;

/** By the variable that the runner sets, and its value. */
const RUNNERS: readonly (readonly [variable: string, value: RegExp, runner: Runner])[] = [
  [
    'GITHUB_ACTIONS',
    /^true$/i,
    {
      name: 'GitHub Actions',
      annotation: (level, title, text) =>
        `::${level} title=${property(visible(title))}::${githubData(harmless(text))}`,
      groupStart: (name) => `::group::${githubData(harmless(name))}`,
      groupEnd: () => '::endgroup::',
    },
  ],
  [
    'TF_BUILD',
    /^true$/i,
    {
      name: 'Azure Pipelines',
      annotation: (level, title, text) =>
        level === 'notice'
          ? null
          : `##vso[task.logissue type=${level}]${azureData(harmless(`${title}: ${text}`))}`,
      groupStart: (name) => `##[group]${harmless(name)}`,
      groupEnd: () => '##[endgroup]',
    },
  ],
  [
    'TEAMCITY_VERSION',
    /./,
    {
      name: 'TeamCity',
      annotation: (level, title, text) =>
        `##teamcity[message text='${teamCityValue(harmless(`${title}: ${text}`))}' status='${TEAMCITY_STATUS[level]}']`,
      groupStart: (name) => `##teamcity[blockOpened name='${teamCityValue(name)}']`,
      groupEnd: (name) => `##teamcity[blockClosed name='${teamCityValue(name)}']`,
    },
  ],
  [
    'GITLAB_CI',
    /^true$/i,
    {
      name: 'GitLab CI',
      // It has no annotations, only sections.
      annotation: () => null,
      groupStart: (name, ms) => `${gitlabSection('start', name, ms)}${harmless(name)}`,
      groupEnd: (name, ms) => gitlabSection('end', name, ms),
    },
  ],
];

/** The runner that the program runs in; `null`: none that is known. */
export function runnerOf(env: Env): Runner | null {
  return RUNNERS.find(([variable, value]) => value.test(env[variable] ?? ''))?.[2] ?? null;
}

/** Under CI, known or not, no text from outside may contain a command of any runner: its log may be shown in another. */
export function isCi(env: Env): boolean {
  const ci = env['CI'] ?? '';
  return (ci !== '' && ci !== '0' && ci.toLowerCase() !== 'false') || runnerOf(env) !== null;
}

/** Line breaks are kept: the runner shows them as lines, which must not pose as commands in the log either. */
const harmless = (text: string): string =>
  text
    .split(/\r?\n/)
    .map((line) => withoutCommands(visible(line)))
    .join('\n');

/** As the toolkit of GitHub escapes: no text can end the line or, in a property, begin another one. */
const githubData = (text: string): string =>
  text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
const property = (text: string): string => githubData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');

/** As the agent of Azure decodes it. */
const azureData = (text: string): string =>
  text
    .replaceAll('%', '%AZP25')
    .replaceAll('\r', '%0D')
    .replaceAll('\n', '%0A')
    .replaceAll(';', '%3B')
    .replaceAll(']', '%5D');

const TEAMCITY_STATUS = { error: 'ERROR', warning: 'WARNING', notice: 'NORMAL' } as const;

/** Values of service messages: `|` escapes, and everything but ASCII is written by its code. */
const teamCityValue = (text: string): string =>
  text
    .replace(/[|'[\]]/g, '|$&')
    .replaceAll('\n', '|n')
    .replaceAll('\r', '|r')
    .replace(/[^\x20-\x7e]/g, (unit) => `|0x${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** Its name is an identifier. The line that ends in a carriage return is erased and replaced by the title. */
const gitlabSection = (edge: 'start' | 'end', name: string, ms: number): string =>
  `\u001b[0Ksection_${edge}:${Math.floor(ms / 1000)}:${name.replace(/[^A-Za-z0-9_.-]+/g, '_')}\r\u001b[0K`;
