import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const ROOT = fileURLToPath(new URL('.', import.meta.url));

const files = readdirSync(`${ROOT}test`, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.test.ts'))
  .map((name) => `test/${name.replaceAll('\\', '/')}`);

/** What changes modules, globals or the environment does it in a process of its own; the others share two. */
const CHANGES = /\bvi\.(?:mock|stub|spyOn)|\bprocess\.env\[[^\]]*\] = /;
const changing = files.filter(
  (file) => file.startsWith('test/faults/') || CHANGES.test(readFileSync(ROOT + file, 'utf8')),
);

export default defineConfig({
  test: {
    globalSetup: ['test/helpers/global-setup.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    maxWorkers: 2,
    // A developer's own profiles or proxies must never decide a test.
    env: {
      EBILL_HOME: '',
      EBILL_BASE_URL: '',
      EBILL_TOKEN: '',
      EBILL_JOB: '',
      CI: '',
      NO_COLOR: '',
      FORCE_COLOR: '',
    },
    projects: [
      {
        extends: true,
        test: { name: 'shared', include: files.filter((file) => !changing.includes(file)), isolate: false },
      },
      { extends: true, test: { name: 'own', include: changing } },
    ],
  },
});
