import { lstatSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { NewFile } from '../../src/files/new-file.ts';
import { openBeside } from '../../src/system/atomic-file.ts';
import { rejection } from '../api/rig.ts';
import { tempDir } from '../helpers/context.ts';

describe('a file that is written beside its place', () => {
  it('is for its owner alone, called what nobody foresees, however long its name', async () => {
    const folder = tempDir();
    const names = new Set<string>();
    for (const name of ['x.csv', 'x.csv', `${'é'.repeat(120)}.csv`]) {
      const { handle, temporary } = await openBeside(join(folder, name));
      names.add(basename(temporary));
      expect(statSync(temporary).mode & 0o777).toBe(0o600);
      await handle.close();
    }
    expect(names.size).toBe(3);
  });

  it('takes the place of a link, and is never written where the link points', async () => {
    const folder = tempDir();
    const elsewhere = join(tempDir(), 'precious');
    writeFileSync(elsewhere, 'mine');
    for (const name of ['a.csv', 'b.csv'])
      symlinkSync(name === 'a.csv' ? elsewhere : `${elsewhere}.not-there`, join(folder, name));
    for (const name of ['a.csv', 'b.csv']) {
      const file = await NewFile.create(join(folder, name));
      await file.write('new');
      expect(await file.commit(true)).toBe(true);
      expect(lstatSync(join(folder, name)).isFile()).toBe(true);
    }
    expect(readFileSync(elsewhere, 'utf8')).toBe('mine');
    expect(() => statSync(`${elsewhere}.not-there`)).toThrow();
    expect(readdirSync(folder)).toEqual(['a.csv', 'b.csv']);
  });

  it('leaves a link that is there when it may not replace it, to a file or to nothing', async () => {
    const folder = tempDir();
    symlinkSync(join(folder, 'nothing'), join(folder, 'a.csv'));
    const file = await NewFile.create(join(folder, 'a.csv'));
    await file.write('new');
    expect(await file.commit(false)).toBe(false);
    expect(lstatSync(join(folder, 'a.csv')).isSymbolicLink()).toBe(true);
    expect(readdirSync(folder)).toEqual(['a.csv']);
  });

  it('has no name with a NUL in it', async () => {
    const error = await rejection(NewFile.create(join(tempDir(), 'a\0b.csv')));
    expect(error).toMatchObject({ code: 'USAGE' });
  });
});
