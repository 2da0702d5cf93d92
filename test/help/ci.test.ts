import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import {
  ALERT_RULES,
  BASH,
  GITHUB,
  GITHUB_APPROVED,
  GITHUB_SETUP,
  GITLAB,
  GITLAB_APPROVED,
  GITLAB_IMAGE,
} from '../../src/help/topics/ci.ts';
import { main } from '../../src/main.ts';
import { EBILL } from '../e2e/harness.ts';
import { testContext } from '../helpers/context.ts';

/** The files that the page shows, by the title of their section, in the order they stand there. */
const FILES: readonly (readonly [title: string, files: readonly string[]])[] = [
  ['GitHub Actions', [GITHUB, GITHUB_SETUP]],
  ['GitLab', [GITLAB, GITLAB_IMAGE]],
  ['Plain bash, from cron', [BASH]],
  ['GitHub Actions, with an approval', [GITHUB_APPROVED]],
  ['GitLab, with an approval', [GITLAB_APPROVED]],
  ['Prometheus: a month not closed', [ALERT_RULES]],
];

/** The lines of a section as printed, without the margin of two blanks. */
function sectionOf(page: string, title: string): readonly string[] {
  const lines = page.split('\n');
  const start = lines.indexOf(`${title}:`) + 1;
  expect([title, start]).not.toEqual([title, 0]);
  const end = lines.findIndex((line, i) => i >= start && /^\S/.test(line));
  return lines.slice(start, end).map((line) => line.replace(/^ {2}/, ''));
}

/** Every run of lines between blank ones, or after the sentence that ends with a colon. */
function blocksOf(lines: readonly string[]): readonly string[] {
  return lines
    .join('\n')
    .replace(/:\n(?=- uses|image:)/g, ':\n\n')
    .split('\n\n')
    .map((block) => block.trimEnd());
}

async function printed(columns: number | null): Promise<string> {
  const context = testContext(columns === null ? {} : { tty: true, columns, env: { NO_COLOR: '1' } });
  expect(await main(['help', 'ci'], context)).toBe(0);
  return context.stdout.text;
}

describe('ebill help ci', () => {
  it.each([40, 80, 200, null])('prints each file whole, and valid YAML, at %s columns', async (columns) => {
    const page = await printed(columns);
    for (const [title, files] of FILES) {
      const blocks = blocksOf(sectionOf(page, title));
      for (const file of files) {
        const found = blocks.find((block) => block.startsWith(file.split('\n')[0] ?? ''));
        expect(found).toBe(file);
        if (file !== BASH) expect(parse(found ?? '')).toEqual(parse(file));
      }
    }
  });

  it('prints the same from a process in a pipe', async () => {
    const out = execFileSync(process.execPath, [EBILL, 'help', 'ci'], { encoding: 'utf8' });
    expect(out).toBe(await printed(null));
  });

  it('has jobs with steps, where GitHub and GitLab look for them, and does not ask for the name that the plan has', () => {
    for (const file of [GITHUB, GITHUB_APPROVED]) {
      const { on, jobs } = parse(file) as { on: unknown; jobs: Record<string, object> };
      expect(on).toBeDefined();
      for (const job of Object.values(jobs)) {
        expect(job).toMatchObject({ 'runs-on': 'ubuntu-latest', steps: expect.any(Array) });
        expect(Object.keys(job)).not.toContain('name');
      }
      expect(Object.keys(jobs)).toContain('load');
    }
    for (const file of [GITLAB, GITLAB_APPROVED])
      expect(parse(file)).toMatchObject({
        load: { script: expect.any(Array), resource_group: 'ebill-load' },
      });
    for (const file of [GITHUB, GITHUB_APPROVED, GITLAB, GITLAB_APPROVED])
      expect(file).not.toMatch(/EBILL_JOB|inputs\.|--job/);
  });

  it('is the workflow that others can call', () => {
    const text = readFileSync(new URL('../../.github/workflows/load.yml', import.meta.url), 'utf8');
    expect(text.replace(/^(?:#.*\n)+/, '')).toBe(`${GITHUB}\n`);
  });
});
