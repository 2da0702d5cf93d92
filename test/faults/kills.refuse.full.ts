import { describe, it } from 'vitest';
import { measure } from './killed.ts';
import { bytePoints, diskPoints, journalPoints, requestPoints } from './kills.ts';
import { tryAll } from './tally.ts';

const duplicates = 'refuse';

describe('a load where a second create is refused', () => {
  it('survives a kill at every journal write', async () => {
    const clean = await measure(duplicates);
    await tryAll(`killed at a journal write, ${duplicates}`, journalPoints(duplicates, clean), 2);
    await tryAll(`journal torn at a byte, ${duplicates}`, bytePoints(duplicates, clean, 12), 2);
  });

  it('survives a kill before and after every request', async () => {
    const clean = await measure(duplicates);
    await tryAll(`killed at a request, ${duplicates}`, requestPoints(duplicates, clean), 2);
  });

  it('survives a disk that is full or fails to flush', async () => {
    const clean = await measure(duplicates);
    await tryAll(`disk full or failing, ${duplicates}`, diskPoints(duplicates, clean), 2);
  });
});
