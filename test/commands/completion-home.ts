import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { machine } from '../e2e/harness.ts';

/** A home with the profile `prod` and its loads, the last one changed last. */
export async function fakeHome(jobs: readonly string[]): Promise<string> {
  const at = machine(null);
  const baseUrl = 'https://ebill.example.com';
  await at.call(['profile', 'add', 'prod', '--base-url', baseUrl, '--auth', 'none']);
  const folder = join(at.home, 'loads', 'prod');
  mkdirSync(folder, { recursive: true });
  jobs.forEach((job, i) => {
    const path = join(folder, `${i}.jsonl`);
    const header = { ebillJournal: 1, job, profile: 'prod', baseUrl, startedAt: '2020-08-31T22:00:00Z' };
    writeFileSync(path, `${JSON.stringify(header)}\n{"torn`);
    utimesSync(path, i + 1, i + 1);
  });
  return at.home;
}
