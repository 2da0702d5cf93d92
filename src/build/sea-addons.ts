import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { getRawAsset } from 'node:sea';
import { pathsFor } from '../system/context.ts';
import { loadAddon } from '../system/native-addon.ts';

/** Loads native code that the executable carries as an asset. @returns its exports */
export function addon(name: string): unknown {
  // On Windows only the user's own folder is known to be closed to others, so EBILL_HOME does not count.
  const env = process.platform === 'win32' ? { ...process.env, EBILL_HOME: undefined } : process.env;
  const place = {
    folder: join(pathsFor(env, process.platform, homedir).state, 'native'),
    temporary: tmpdir(),
    uid: process.getuid?.() ?? null,
  };
  return loadAddon(name, new Uint8Array(getRawAsset(`addon/${name}`) as ArrayBuffer), place, (path) => {
    const module = { exports: {} };
    process.dlopen(module, path);
    return module.exports;
  });
}
