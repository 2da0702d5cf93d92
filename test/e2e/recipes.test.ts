import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { BASH, GITHUB, GITHUB_APPROVED, GITLAB, GITLAB_APPROVED } from '../../src/help/topics/ci.ts';
import { FAST_EBILL } from '../helpers/programs.ts';
import { calls, type Document, type Machine, machine, month, sandbox } from './harness.ts';

type Variables = Readonly<Record<string, string>>;
interface Recipe {
  readonly name: string;
  /** Its shell lines, one after the other, as the runner has them run. */
  readonly script: string;
  readonly env: Variables;
}

interface GitHub {
  readonly env?: Variables;
  readonly jobs: Readonly<
    Record<string, { readonly env?: Variables; readonly steps: readonly { readonly run?: string }[] }>
  >;
}
interface GitLab {
  readonly variables?: Variables;
  readonly [job: string]: unknown;
}
interface GitLabJob {
  readonly variables?: Variables;
  readonly before_script?: readonly string[];
  readonly script?: readonly string[];
}

/** GitHub's shell is bash -e; each step is a script of its own, and the jobs need each other in their order. */
function github(name: string, text: string): Recipe {
  const { env = {}, jobs } = parse(text) as GitHub;
  const all = Object.values(jobs);
  return {
    name,
    script: all.flatMap(({ steps }) => steps.flatMap(({ run }) => run ?? [])).join('\n'),
    env: Object.assign({}, env, ...all.map((job) => job.env)),
  };
}

function gitlab(name: string, text: string): Recipe {
  const { variables = {}, ...jobs } = parse(text) as GitLab;
  const all = Object.values(jobs) as readonly GitLabJob[];
  return {
    name,
    script: all.flatMap(({ before_script = [], script = [] }) => [...before_script, ...script]).join('\n'),
    env: Object.assign({}, variables, ...all.map((job) => job.variables)),
  };
}

const RECIPES: readonly Recipe[] = [
  github('GitHub Actions', GITHUB),
  gitlab('GitLab', GITLAB),
  github('GitHub Actions, with an approval', GITHUB_APPROVED),
  gitlab('GitLab, with an approval', GITLAB_APPROVED),
  { name: 'plain bash', script: BASH, env: {} },
];

/** A runner's machine: the program under its name, nothing to install, and no five minutes to wait. */
function runner(at: Machine, { script }: Recipe, url: string): string {
  const bin = join(at.cwd, 'bin');
  mkdirSync(bin);
  const tools = {
    ebill: `exec '${process.execPath}' '${FAST_EBILL}' "$@"`,
    npm: 'exit 0',
    gh: 'echo jo',
    sleep: 'exit 0',
  };
  for (const [name, line] of Object.entries(tools)) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${line}\n`);
    chmodSync(join(bin, name), 0o755);
  }
  writeFileSync(join(at.cwd, 'token'), 'test-token-1\n');
  const path = join(at.cwd, 'load.sh');
  writeFileSync(path, script.replace('https://ebill.example.com', url));
  return path;
}

function start(at: Machine, path: string, { env }: Recipe, url: string) {
  const known: Variables = {
    'https://ebill.example.com': url,
    '${{ vars.EBILL_BASE_URL }}': url,
    '${{ secrets.EBILL_TOKEN }}': 'test-token-1',
    '${{ github.workspace }}': at.cwd,
    '${{ github.token }}': 'test-token-2',
    $CI_PROJECT_DIR: at.cwd,
  };
  const filled = Object.entries(env).map(([name, value]) => [
    name,
    Object.entries(known).reduce((text, [from, to]) => text.replace(from, to), value),
  ]);
  const child = spawn('bash', ['-e', path], {
    cwd: at.cwd,
    // A group of its own, to be killed as a runner kills: all of it at once.
    detached: true,
    stdio: 'ignore',
    env: {
      PATH: `${join(at.cwd, 'bin')}:${process.env['PATH'] ?? ''}`,
      HOME: at.cwd,
      CI: 'true',
      EBILL_SETTLE: '0s',
      EBILL_TOKEN: 'test-token-1',
      GITLAB_USER_LOGIN: 'jo',
      ...Object.fromEntries(filled),
    },
  });
  const code = new Promise<number | null>((resolve) => child.on('close', resolve));
  const group = -(child.pid ?? 0);
  const kill = async (): Promise<void> => {
    process.kill(group, 'SIGKILL');
    await code;
    // Those whose shell is gone may still hold the lock.
    while (isRunning(group)) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  return { kill, code };
}

function isRunning(group: number): boolean {
  try {
    return process.kill(group, 0);
  } catch {
    return false;
  }
}

describe('a recipe for CI, killed in the middle and run again', () => {
  const isResumed = async (recipe: (typeof RECIPES)[number]): Promise<void> => {
    // The customers are handed over, and that is never answered: there it is killed.
    const server = await sandbox({ faults: ['finalize@1=hang-after'] });
    const at = machine(server);
    await month(at, { records: 10, itemFiles: 2 });
    await at.call(['run', '--init-plan']);
    const path = runner(at, recipe, server.apiUrl);
    const first = start(at, path, recipe, server.apiUrl);
    while (!server.snapshot().batches.some(({ finalizeCount }) => finalizeCount > 0))
      await new Promise((resolve) => setTimeout(resolve, 20));
    await first.kill();
    expect(await first.code).toBeNull();

    expect(await start(at, path, recipe, server.apiUrl).code).toBe(0);
    const document = JSON.parse(readFileSync(join(at.cwd, 'load.json'), 'utf8')) as Document;
    expect(document).toMatchObject({ command: 'run', job: 'AUG_2020', outcome: 'succeeded', exitCode: 0 });
    expect(document['approval']).toEqual(
      recipe.name.endsWith('approval') ? { sha256: expect.any(String), by: 'jo' } : undefined,
    );
    const { batches, initCount } = server.snapshot();
    expect(initCount).toBe(1);
    const files = batches.filter(({ inputFilename }) => inputFilename !== null);
    expect(files).toHaveLength(4);
    expect(files.map(({ createCount }) => createCount)).toEqual([1, 1, 1, 1]);
    expect(files.map(({ finalizeCount }) => finalizeCount)).toEqual([1, 1, 1, 1]);
    expect(calls(server).filter((call) => call.startsWith('finalize'))).toEqual([
      'finalize AUG_2020_CUS',
      'finalize AUG_2020_INV',
    ]);

    // And once more, for one of them: nothing is left to send.
    if (recipe.script !== BASH) return;
    const before = calls(server).length;
    expect(await start(at, path, recipe, server.apiUrl).code).toBe(0);
    expect(
      calls(server)
        .slice(before)
        .filter((call) => /^(init|create|put|finalize)/.test(call)),
    ).toEqual([]);
  };
  it.each(RECIPES)('$name', { tags: 'slow' }, isResumed);
});
