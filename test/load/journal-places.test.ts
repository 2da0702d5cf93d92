import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { EbillError } from '../../src/errors.ts';
import {
  currentJob,
  findJournal,
  journalPath,
  loadsFolder,
  moveJournal,
  type Owner,
} from '../../src/load/journal-places.ts';
import { knownLoads, loadNames, readLoads, recentLoads, setCurrentJob } from '../../src/load/loads.ts';
import { tempDir } from '../helpers/context.ts';
import { HEADER } from './fixtures.ts';

/**
 * The state folder of a machine as version 0.1.0 wrote it: AUG_2020 of the profile `prod`, whose base URL was
 * http://127.0.0.1:35635/rest/, and JUL_2020 of http://LOCALHOST:35635 in the environment. It is one server.
 */
const EARLIER = fileURLToPath(new URL('earlier-home/', import.meta.url));
const PROD = join('loads', 'prod', 'AUG_2020-f7767e7a.jsonl');
const HOST = join('loads', '@http_LOCALHOST_35635-a8cc0470', 'JUL_2020-9f03b004.jsonl');

const SERVER = { profile: null, baseUrl: 'HTTP://[::1]:35635/rest/batchProcess' };
const OTHER = { profile: 'prod', baseUrl: 'https://ebill.example.com' };

function earlierHome(): string {
  const state = tempDir();
  cpSync(EARLIER, state, { recursive: true });
  return state;
}

const jobsOf = async (state: string, owner: Owner): Promise<readonly string[]> =>
  (await readLoads(state, owner)).map(({ header }) => header.job).sort();

describe('journals of the earlier layout', () => {
  it('are found by the server in their first line, whatever profile or spelling asks for it', async () => {
    const state = earlierHome();
    expect(await findJournal(state, SERVER, 'AUG_2020')).toBe(join(state, PROD));
    expect(await findJournal(state, SERVER, 'JUL_2020')).toBe(join(state, HOST));
    expect(await jobsOf(state, SERVER)).toEqual(['AUG_2020', 'JUL_2020']);
    expect((await recentLoads(state, SERVER, 'AUG_2020')).map(({ header }) => header.job)).toEqual([
      'JUL_2020',
    ]);
    expect((await loadNames(state, SERVER)).map(({ job }) => job).sort()).toEqual(['AUG_2020', 'JUL_2020']);
    // The profile has another base URL now: its old journals stay those of the old server.
    expect(await findJournal(state, OTHER, 'AUG_2020')).toBe(journalPath(state, OTHER, 'AUG_2020'));
    expect(await jobsOf(state, OTHER)).toEqual([]);
    expect((await knownLoads(state, OTHER)).loads.length).toBe(0);
    expect((await knownLoads(state, { profile: 'prod' })).loads.map(({ path }) => path)).toEqual([
      join(state, PROD),
    ]);
  });

  it('are moved with what the folder says of the load last started, and the folder goes', async () => {
    const state = earlierHome();
    const text = readFileSync(join(state, PROD), 'utf8');
    const to = journalPath(state, SERVER, 'AUG_2020');
    await moveJournal(join(state, PROD), to, 'AUG_2020');
    expect(readFileSync(to, 'utf8')).toBe(text);
    expect(readdirSync(join(state, 'loads')).includes('prod')).toBe(false);
    expect(await findJournal(state, SERVER, 'AUG_2020')).toBe(to);
    expect(await currentJob(state, SERVER)).toBe('AUG_2020');
    await moveJournal(join(state, HOST), journalPath(state, SERVER, 'JUL_2020'), 'JUL_2020');
    expect(await currentJob(state, SERVER)).toBe('AUG_2020');
    expect(readdirSync(join(state, 'loads'))).toEqual([readdirSync(dirname(dirname(to)))[0]]);
    expect(await jobsOf(state, SERVER)).toEqual(['AUG_2020', 'JUL_2020']);
  });

  it('are still found after a crash between the two renames', async () => {
    const state = earlierHome();
    const to = journalPath(state, SERVER, 'JUL_2020');
    mkdirSync(dirname(to), { recursive: true });
    renameSync(join(state, HOST), to);
    expect(await currentJob(state, SERVER)).toMatch(/^(AUG|JUL)_2020$/);
    expect(await jobsOf(state, SERVER)).toEqual(['AUG_2020', 'JUL_2020']);
    await setCurrentJob(state, SERVER, 'SEP_2020');
    expect(await currentJob(state, SERVER)).toBe('SEP_2020');
  });

  it.each<[string, (state: string) => string]>([
    ['another profile', (state) => join(state, 'loads', 'test')],
    ['its place', (state) => loadsFolder(state, SERVER)],
  ])('are a conflict with one of %s that has the same load', async (_, folderIn) => {
    const state = earlierHome();
    const second = join(folderIn(state), 'AUG_2020-f7767e7a.jsonl');
    mkdirSync(dirname(second), { recursive: true });
    cpSync(join(state, PROD), second);
    const error = await findJournal(state, SERVER, 'AUG_2020').catch((cause: unknown) => cause as EbillError);
    expect(error).toMatchObject({ code: 'CONFLICT', exitCode: 8 });
    expect(String(error)).toContain(second);
    expect(String(error)).toContain(join(state, PROD));
    // Nothing was moved.
    expect(existsSync(join(state, PROD))).toBe(true);
  });

  it('that do not say whose they are stop the load instead of being passed over', async () => {
    const state = earlierHome();
    writeFileSync(join(state, PROD), '{"ebillJournal":99}\n');
    await expect(findJournal(state, OTHER, 'AUG_2020')).rejects.toMatchObject({ code: 'CONFLICT' });
    // A first line torn by a crash: nothing was sent.
    writeFileSync(join(state, PROD), '{"ebillJour');
    expect(await findJournal(state, OTHER, 'AUG_2020')).toBe(journalPath(state, OTHER, 'AUG_2020'));
  });
});

describe('organisations of one server', () => {
  const acme = { ...OTHER, organisation: 'Acme' };
  const globex = { profile: 'globex', baseUrl: OTHER.baseUrl, organisation: 'Globex' };

  function start(state: string, owner: typeof acme | typeof OTHER, job: string): string {
    const path = journalPath(state, owner, job);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `${JSON.stringify({ ...HEADER, ...owner, job })}\n`);
    return path;
  }

  it('have separate loads', async () => {
    const state = tempDir();
    const path = start(state, acme, 'AUG_2020');
    expect(await findJournal(state, { ...acme, profile: 'x', organisation: 'ACME' }, 'AUG_2020')).toBe(path);
    expect(await findJournal(state, globex, 'AUG_2020')).not.toBe(path);
    expect(await readLoads(state, globex)).toEqual([]);
    expect(await readLoads(state, OTHER)).toEqual([]);
  });

  it('a profile that says its organisation now keeps the loads it started before', async () => {
    const state = tempDir();
    const path = start(state, OTHER, 'AUG_2020');
    expect(await findJournal(state, acme, 'AUG_2020')).toBe(path);
    expect((await knownLoads(state, acme)).loads.map((one) => one.path)).toEqual([path]);
    expect(await findJournal(state, globex, 'AUG_2020')).not.toBe(path);
    await moveJournal(path, journalPath(state, acme, 'AUG_2020'), 'AUG_2020');
    expect((await readLoads(state, acme)).length).toBe(1);
    expect(await readLoads(state, OTHER)).toEqual([]);
  });
});
