import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { getRawAsset } from 'node:sea';
import { pathsFor } from '../system/context.ts';
import { loadAddon } from '../system/native-addon.ts';

/** Native code within the executable, as a module. */
export function addon(name) {
  const windows = process.platform === 'win32';
  // On Windows nothing but the user's own folder is known to be closed to others.
  const env = windows ? { ...process.env, EBILL_HOME: undefined } : process.env;
  const place = {
    folder: join(pathsFor(env, process.platform, homedir()).state, 'native'),
    temporary: tmpdir(),
    uid: process.getuid?.() ?? null,
  };
  return loadAddon(name, new Uint8Array(getRawAsset(`addon/${name}`)), place, (path) => {
    const module = { exports: {} };
    process.dlopen(module, path);
    return module.exports;
  });
}
