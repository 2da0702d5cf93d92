import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { main } from '../../src/main.ts';
import { tempDir, testContext } from '../helpers/context.ts';
import { filesWith, HEADER_VALUE, PASSWORD, QUERY_VALUE, seenIn, TOKEN, USERNAME } from './canaries.ts';
import { COMMANDS } from './commands.ts';
import { MANNERS, type Manner, parrot } from './parrot.ts';

const VERBOSITIES = {
  plain: [],
  verbose: ['--verbose'],
  json: ['--json'],
  'progress json': ['--progress', 'json', '--verbose'],
  terminal: ['--verbose', '--yes'],
} as const;

/** A way to be known to the server: environment, and what is typed before the month. */
interface Identity {
  readonly env: Readonly<Record<string, string>>;
  readonly stdin: string;
  readonly auth: readonly string[];
}

const IDENTITIES: Readonly<Record<string, Identity>> = {
  bearer: { env: { EBILL_TOKEN: TOKEN }, stdin: 'x-unused', auth: ['--auth', 'bearer', '--token-stdin'] },
  basic: {
    env: { EBILL_USERNAME: USERNAME, EBILL_PASSWORD: PASSWORD },
    stdin: PASSWORD,
    auth: ['--auth', 'basic', '--username', USERNAME, '--password-stdin'],
  },
  stored: {
    env: { EBILL_PROFILE: 'lab' },
    stdin: TOKEN,
    auth: [
      '--auth',
      'header:X-Key',
      '--token-stdin',
      '--header',
      `X-Session=${HEADER_VALUE}`,
      '--query',
      `api_key=${QUERY_VALUE}`,
    ],
  },
  command: {
    env: { EBILL_PROFILE: 'lab' },
    stdin: '',
    auth: ['--auth', 'bearer', '--token-command', printingCommand()],
  },
};

/** A command that prints the token, and repeats it as `set -x` would. */
function printingCommand(): string {
  const script = join(tempDir('ebill-token-'), 'print.sh');
  const file = join(tempDir('ebill-token-'), 'token');
  writeFileSync(file, TOKEN);
  writeFileSync(script, `cat '${file}'; cat '${file}' >&2`);
  return `sh '${script}'`;
}

/** Files that are there to hold secrets, for their owner alone. */
const KEPT = /^(?:secrets|profiles)\.json$/;

interface Place {
  readonly home: string;
  readonly cwd: string;
  readonly out: string[];
  say(args: readonly string[], how?: { tty?: boolean; stdin?: string }): Promise<number>;
}

function place(env: Readonly<Record<string, string>>): Place {
  const home = tempDir('ebill-home-');
  const cwd = tempDir('ebill-canary-');
  writeFileSync(join(cwd, 'cus.csv'), 'Name\r\nA\r\nB\r\n');
  writeFileSync(join(cwd, 'inv.csv'), 'Name\r\nA\r\nB\r\n');
  for (const n of [1, 2]) writeFileSync(join(cwd, `itm_${n}.csv`), `Name\r\nA${n}\r\nB\r\n`);
  const out: string[] = [];
  return {
    home,
    cwd,
    out,
    say: async (args, { tty = false, stdin = '' } = {}) => {
      const context = testContext({ home, cwd, tty, stdin, env: { EBILL_HOME: home, ...env } });
      const code = await main(args, context);
      const shown = context.stdout.text + context.stderr.text;
      out.push(shown);
      const leaks = seenIn(shown);
      expect(leaks, `ebill ${args.join(' ')}\n${leaks.join('\n')}`).toEqual([]);
      return code;
    },
  };
}

async function month(at: Place, url: string, identity: Identity, verbosity: keyof typeof VERBOSITIES) {
  const tty = verbosity === 'terminal';
  const loud = [...VERBOSITIES[verbosity], '--retries', '1'];
  await at.say(['profile', 'add', 'lab', '--base-url', url, ...identity.auth, ...loud], {
    stdin: identity.stdin,
  });
  mkdirSync(join(at.cwd, 'home'));
  const codes = new Set<number>();
  for (const args of COMMANDS) codes.add(await at.say([...args, ...loud], { tty }));
  await at.say(['profile', 'remove', 'lab', '--yes', ...loud], { tty });
  expect(filesWith(at.home, KEPT)).toEqual([]);
  expect(filesWith(at.cwd)).toEqual([]);
  return codes;
}

/** A month with a server that echoes every request, in one manner. */
export interface CanaryMonth {
  readonly manner: Manner;
  readonly verbosity: keyof typeof VERBOSITIES;
  readonly who: keyof typeof IDENTITIES;
}

const verbosities = Object.keys(VERBOSITIES) as (keyof typeof VERBOSITIES)[];

/** Every manner with every verbosity. */
export const MONTHS: readonly CanaryMonth[] = MANNERS.flatMap((manner, m) =>
  verbosities.map((verbosity, v) => ({
    manner,
    verbosity,
    who: Object.keys(IDENTITIES)[(m + v) % Object.keys(IDENTITIES).length] ?? '',
  })),
);

/** Every other verbosity of a month that succeeds; the other manners with one of them, in turn. */
export const QUICK_MONTHS = MONTHS.filter(({ manner, verbosity }) => {
  const [m, v] = [MANNERS.indexOf(manner), verbosities.indexOf(verbosity)];
  return manner === 'success' ? v % 2 === 0 : v === m % verbosities.length;
});

/** Plays it. No output and no file may have a secret. */
export async function playMonth({ manner, verbosity, who }: CanaryMonth): Promise<void> {
  const identity = IDENTITIES[who] as Identity;
  const server = await parrot(manner, who === 'basic' ? PASSWORD : TOKEN);
  const at = place({ EBILL_BASE_URL: server.url, ...identity.env });
  const codes = await month(at, server.url, identity, verbosity);
  expect(server.count()).toBeGreaterThan(7);
  // The canary lives: the server did say it, and what was said was shown, hidden.
  if (manner === 'success') {
    expect(codes).toContain(0);
    expect(at.out.join('')).toContain('***');
  } else expect([...codes].some((code) => code > 2)).toBe(true);
}
