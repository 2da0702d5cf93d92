import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const ROOT = fileURLToPath(new URL('.', import.meta.url));

const files = readdirSync(`${ROOT}test`, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.test.ts'))
  .map((name) => `test/${name.replaceAll('\\', '/')}`);

/**
 * Files that change modules, globals or the environment, or measure memory, get a process of their own; all others share
 * a few, whose heaps grow.
 */
const CHANGES = /\bvi\.(?:mock|stub|spyOn)|\bprocess\.env\[[^\]]*\] = |\bheldMemory\b/;
const changing = files.filter((file) => CHANGES.test(readFileSync(ROOT + file, 'utf8')));

/** For all tests, those of `vitest.full.config.ts` too. */
export const COMMON = {
  globalSetup: ['test/helpers/global-setup.ts'],
  setupFiles: ['test/helpers/fixed-seed.ts'],
  hookTimeout: 60_000,
  // Many tests wait for a process or a clock of a server: a third worker uses the time.
  maxWorkers: 3,
  tags: [{ name: 'slow', description: 'only in npm run test:all', timeout: 300_000 }],
  // No worker may need more than 1 GB; it is heap that grows. Threads of its garbage collector would only compete with the
  // other workers.
  execArgv: ['--max-old-space-size=768', '--single-threaded-gc'],
  // A developer's own profiles and proxies must not change a test.
  env: {
    EBILL_HOME: '',
    EBILL_BASE_URL: '',
    EBILL_TOKEN: '',
    EBILL_JOB: '',
    CI: '',
    NO_COLOR: '',
    FORCE_COLOR: '',
  },
};

/** `npm test`: fast enough to run after every change. */
export default defineConfig({
  test: {
    ...COMMON,
    testTimeout: 30_000,
    projects: [
      {
        extends: true,
        test: { name: 'shared', include: files.filter((file) => !changing.includes(file)), isolate: false },
      },
      { extends: true, test: { name: 'own', include: changing } },
    ],
  },
});
