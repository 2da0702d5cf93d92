import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, realpathSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { tempDir } from '../helpers/context.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const SOURCES = [
  '.github',
  'bin',
  'src',
  'package.json',
  'package-lock.json',
  'README.md',
  'CHANGELOG.md',
  'LICENSE',
  'SECURITY.md',
];

/**
 * Links to the same bytes where one disk has both: what is installed is npm's affair (the lock file), and it is large. Not
 * the caches in it, which other tests write meanwhile.
 */
const INSTALLED = `mkdir "$2/node_modules" && cd "$1" &&
for flags in -al -a; do cp $flags * .bin .package-lock.json "$2/node_modules/" 2>/dev/null && exit; done; exit 1`;

/** The package built and packed in a folder, by a clock, a zone, a mask and a language. */
function packed(folder: string, year: number, env: Record<string, string>, mask: string): Buffer {
  mkdirSync(folder, { recursive: true });
  for (const name of SOURCES) cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  execFileSync('/bin/sh', ['-c', INSTALLED, 'sh', realpathSync(join(ROOT, 'node_modules')), folder]);
  const at = new Date(Date.UTC(year, 3, 5));
  for (const entry of readdirSync(join(folder, 'src'), { recursive: true, withFileTypes: true }))
    utimesSync(join(entry.parentPath, entry.name), at, at);
  execFileSync('/bin/sh', ['-c', `umask ${mask}; npm pack --silent >/dev/null`], {
    cwd: folder,
    env: { ...process.env, npm_config_update_notifier: 'false', ...env },
  });
  const name = readdirSync(folder).find((file) => file.endsWith('.tgz')) ?? '';
  return readFileSync(join(folder, name));
}

it.skipIf(process.platform === 'win32')(
  'the package is the same, byte for byte, from another folder and at another time',
  () => {
    const one = packed(join(tempDir(), 'a'), 2001, { TZ: 'UTC', LC_ALL: 'C' }, '022');
    const two = packed(
      join(tempDir(), 'quite', 'another place', 'é'),
      2031,
      { TZ: 'Pacific/Kiritimati', LC_ALL: 'de_DE.UTF-8', SOURCE_DATE_EPOCH: '1' },
      '077',
    );
    expect(one.length).toBeGreaterThan(100_000);
    expect(createHash('sha256').update(two).digest('hex')).toBe(
      createHash('sha256').update(one).digest('hex'),
    );
    // Nor does it tell where it was made.
    const inside = gunzipSync(one);
    for (const place of [ROOT, tmpdir()]) expect(inside.includes(place), place).toBe(false);
  },
  240_000,
);
