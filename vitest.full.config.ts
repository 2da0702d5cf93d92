import { defineConfig } from 'vitest/config';
import { COMMON } from './vitest.config.ts';

/** The slow proofs of `npm run test:all`: all faults, executables, reproducible packages, real shells. */
export default defineConfig({
  test: {
    ...COMMON,
    projects: [
      {
        extends: true,
        test: {
          name: 'slow',
          include: ['test/**/*.full.ts'],
          exclude: ['test/faults/**'],
          testTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'faults',
          include: ['test/faults/**/*.full.ts'],
          globalSetup: ['test/helpers/global-setup.ts', 'test/faults/total.ts'],
          testTimeout: 540_000,
        },
      },
    ],
  },
});
