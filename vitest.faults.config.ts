import { defineConfig } from 'vitest/config';

/** The whole proof by fault injection: `npm run test:faults`. A part of it is in `npm test` (test/faults/quick.test.ts). */
export default defineConfig({
  test: {
    include: ['test/faults/**/*.full.ts'],
    globalSetup: ['test/helpers/global-setup.ts', 'test/faults/total.ts'],
    testTimeout: 540_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    env: {
      EBILL_HOME: '',
      EBILL_BASE_URL: '',
      EBILL_TOKEN: '',
      EBILL_JOB: '',
      CI: '',
      NO_COLOR: '',
      FORCE_COLOR: '',
    },
  },
});
