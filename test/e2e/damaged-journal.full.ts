import { describe, it } from 'vitest';
import { MONTHS, recoveries } from './damaged-journal.ts';

describe.each(MONTHS)('a month whose journal is damaged $when', (month) => {
  it('in any line: what the hint says loads each record once', async () => {
    await recoveries(month, () => true);
  });
});
