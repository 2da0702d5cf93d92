import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { lockedPackage } from './npm-package.js';
import { ROOT } from './paths.js';

/** By the name under which the executable carries it. */
const LOCK = 'lock';
const KEYCHAIN = 'keychain';

const CARRIED = JSON.stringify(join(ROOT, 'src', 'build', 'carried.js'));
const PREFIX = '\0addon:';

/** In place of the modules that look for native code in folders of packages: what the executable carries. */
export const carriedAddons = {
  name: 'carried-addons',
  resolveId(id, importer) {
    if (id === '@napi-rs/keyring') return `${PREFIX}${KEYCHAIN}`;
    if (id === './binding' && /[\\/]fs-native-extensions[\\/]index\.js$/.test(importer ?? ''))
      return `${PREFIX}${LOCK}`;
    return null;
  },
  load(id) {
    if (!id.startsWith(PREFIX)) return null;
    return `module.exports = require(${CARRIED}).addon(${JSON.stringify(id.slice(PREFIX.length))});`;
  },
};

/** The native code of a target, by the name of the asset; and the terms it came under. */
export async function addonsFor({ name, keyring }) {
  const [locks, keychain] = await Promise.all([
    lockedPackage('fs-native-extensions', ROOT),
    lockedPackage(keyring, ROOT),
  ]);
  const native = readdirSync(keychain).find((file) => file.endsWith('.node'));
  return {
    assets: {
      [`addon/${LOCK}`]: join(locks, 'prebuilds', name, 'fs-native-extensions.node'),
      [`addon/${KEYCHAIN}`]: join(keychain, native),
    },
    licences: [
      ['fs-native-extensions', join(locks, 'LICENSE')],
      ['@napi-rs/keyring', join(ROOT, 'node_modules', '@napi-rs', 'keyring', 'LICENSE')],
      [`what ${keyring} is made of`, join(keychain, 'LICENSE.third-party.md')],
    ].map(([title, path]) => ({ title, text: readFileSync(path, 'utf8') })),
  };
}
