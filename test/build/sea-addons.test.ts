import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadAddon } from '../../src/build/sea-addons.ts';
import type { EbillError } from '../../src/errors.ts';
import { tempDir } from '../helpers/context.ts';

const BYTES = Buffer.from('native code');
const UID = process.getuid?.() ?? null;

interface Loaded {
  readonly path: string;
  readonly text: string;
  readonly mode: number;
}

const open = (path: string): Loaded => ({
  path,
  text: readFileSync(path, 'utf8'),
  mode: statSync(path).mode & 0o777,
});

function places(): { folder: string; temporary: string; uid: number | null } {
  return { folder: join(tempDir(), 'state', 'native'), temporary: tempDir(), uid: UID };
}

describe('embedded native code', () => {
  it('is written once, for its owner alone, under a name with its hash', () => {
    const place = places();
    const first = loadAddon('lock', BYTES, place, open);
    expect(first).toMatchObject({ text: 'native code', mode: 0o600 });
    expect(first.path).toMatch(/native\/lock-[0-9a-f]{16}\.node$/);
    expect(statSync(place.folder).mode & 0o777).toBe(0o700);
    const { ino } = statSync(first.path);
    expect(loadAddon('lock', BYTES, place, open).path).toBe(first.path);
    expect(statSync(first.path).ino).toBe(ino);
    const other = loadAddon('lock', Buffer.from('of another version'), place, open);
    expect(readdirSync(place.folder).sort()).toEqual(
      [first.path, other.path].map((path) => path.slice(place.folder.length + 1)).sort(),
    );
    expect(readdirSync(place.temporary)).toEqual([]);
  });

  it.each([
    ['another content', (path: string) => writeFileSync(path, 'hostile one')],
    ['a part of it', (path: string) => writeFileSync(path, 'native')],
    ['write permission for others', (path: string) => chmodSync(path, 0o666)],
  ])('is written again when the file has %s', (_what, spoil) => {
    const place = places();
    const { path } = loadAddon('lock', BYTES, place, open);
    spoil(path);
    expect(loadAddon('lock', BYTES, place, open)).toEqual({ path, text: 'native code', mode: 0o600 });
  });

  it.each([
    ['the permanent folder', (folder: string) => folder],
    ['one above it', (folder: string) => join(folder, '..')],
  ])('is loaded from a folder of this run when others can write to %s', (_what, which) => {
    const place = places();
    mkdirSync(place.folder, { recursive: true });
    chmodSync(which(place.folder), 0o777);
    const { path, text } = loadAddon('lock', BYTES, place, open);
    expect(path.startsWith(join(place.temporary, 'ebill-'))).toBe(true);
    expect(text).toBe('native code');
    expect(readdirSync(place.temporary)).toEqual([]);
    expect(readdirSync(place.folder)).toEqual([]);
  });

  it('is not loaded through a link to a folder that others can write to', () => {
    const place = places();
    const shared = tempDir();
    chmodSync(shared, 0o777);
    mkdirSync(join(place.folder, '..'), { recursive: true });
    symlinkSync(shared, place.folder);
    loadAddon('lock', BYTES, place, open);
    expect(readdirSync(shared)).toEqual([]);
  });

  it('may be loaded through a link to a private folder', () => {
    const [place, real] = [places(), places()];
    mkdirSync(real.folder, { recursive: true, mode: 0o700 });
    mkdirSync(join(place.folder, '..'), { recursive: true });
    symlinkSync(real.folder, place.folder);
    expect(loadAddon('lock', BYTES, place, open).path.startsWith(place.folder)).toBe(true);
    expect(readdirSync(real.folder)).toHaveLength(1);
  });

  it('may be below a sticky folder, such as /tmp', () => {
    const place = places();
    chmodSync(join(place.folder, '..', '..'), 0o1777);
    expect(loadAddon('lock', BYTES, place, open).path.startsWith(place.folder)).toBe(true);
  });

  it('is tried from the temporary folder when it cannot be loaded from the first, and the error names both', () => {
    const place = places();
    const tried: string[] = [];
    const noexec = (path: string): never => {
      tried.push(path);
      throw new Error(`${path}: failed to map segment from shared object`);
    };
    let thrown: EbillError | null = null;
    try {
      loadAddon('lock', BYTES, place, noexec);
    } catch (error) {
      thrown = error as EbillError;
    }
    expect(tried).toHaveLength(2);
    expect(thrown).toMatchObject({ code: 'USAGE', hint: expect.stringContaining('noexec') });
    for (const path of tried) expect(thrown?.message).toContain(path);
    expect(readdirSync(place.temporary)).toEqual([]);
  });

  it('may be in any folder on Windows, which has no numeric owners', () => {
    const place = { ...places(), uid: null };
    mkdirSync(place.folder, { recursive: true });
    chmodSync(place.folder, 0o777);
    expect(loadAddon('lock', BYTES, place, open).path.startsWith(place.folder)).toBe(true);
  });
});
