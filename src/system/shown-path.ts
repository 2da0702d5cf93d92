import { relative } from 'node:path';

/** A file as one would type it here: relative where that is shorter. */
export function shownPath(cwd: string, path: string): string {
  const near = relative(cwd, path);
  return near !== '' && near.length < path.length ? near : path;
}
