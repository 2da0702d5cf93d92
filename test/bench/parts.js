import { inside } from './frame/inside.js';

/** The parts of the bench, by name, in the order they are run. README.md has their interface. */
export const PARTS = {
  startup: () => import('./startup.js'),
  package: () => import('./package.js'),
  watch: () => import('./watch.js'),
  growth: () => import('./growth.js'),
  journal: () => inside(new URL('journal.js', import.meta.url)),
  upload: () => import('./upload.js'),
  memory: () => import('./memory.js'),
  load: () => import('./load.js'),
  preflight: () => inside(new URL('preflight.js', import.meta.url)),
};
