import { describe, it } from 'vitest';
import { measure } from './killed.ts';
import { bytePoints, diskPoints, journalPoints, requestPoints } from './kills.ts';
import { tryAll } from './tally.ts';

const duplicates = 'reissue';

describe('a load killed, drafts given out again', () => {
  it('at every journal write', async () => {
    const clean = await measure(duplicates);
    await tryAll(`killed at a journal write, ${duplicates}`, journalPoints(duplicates, clean), 2);
    await tryAll(`journal torn at a byte, ${duplicates}`, bytePoints(duplicates, clean, 12), 2);
  });

  it('at every request, before and after its effect', async () => {
    const clean = await measure(duplicates);
    await tryAll(`killed at a request, ${duplicates}`, requestPoints(duplicates, clean), 2);
  });

  it('on a disk that is full, or fails to flush', async () => {
    const clean = await measure(duplicates);
    await tryAll(`disk full or failing, ${duplicates}`, diskPoints(duplicates, clean), 2);
  });
});
