import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Batch } from '../../src/batch/types.ts';
import { hasOtherExpiry, recordAnswer } from '../../src/load/ask.ts';
import { memoryJournal } from '../../src/load/journal.ts';
import type { Run } from '../../src/load/run.ts';
import { viewLoad } from '../../src/load/view.ts';
import { batch, known, load } from './fixtures.ts';

const MINUTE = 60_000;
const final = (ms: number | null, children: readonly Batch[] = []): Batch =>
  batch({
    status: 'Success',
    successCount: 10,
    downloadUrl: 'https://s3/x',
    children,
    ...(ms === null ? {} : { resultExpiresAt: new Date(ms).toISOString() }),
  });

describe('an answer with another expiry of the result', () => {
  it.each<[string, number | null, number | null, boolean]>([
    ['the same', 100, 100, false],
    ['a little later', 100, 109, false],
    ['much later', 100, 110, true],
    ['earlier', 100, 99, true],
    ['a little later, when the old one is over', 50, 51, true],
    ['none any more', 100, null, true],
    ['a first one', null, 100, true],
    ['still none', null, null, false],
  ])('%s', (_name, before, then, isOther) => {
    const at = (minutes: number | null): number | null => (minutes === null ? null : minutes * MINUTE);
    expect(hasOtherExpiry(final(at(before)), final(at(then)), 60 * MINUTE)).toBe(isOther);
    const nested = [final(0, [final(at(before))]), final(0, [final(at(then))])] as const;
    expect(hasOtherExpiry(...nested, 60 * MINUTE)).toBe(isOther);
  });

  it('is recorded seldom from a server that signs each answer, and what is shown is never wrong by more than ten minutes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 30 * MINUTE }), { minLength: 1, maxLength: 40 }),
        fc.integer({ min: MINUTE, max: 420 * MINUTE }),
        async (pauses, life) => {
          let now = Date.UTC(2020, 8, 1);
          const began = now;
          let entries = 0;
          const journal = memoryJournal(load(known({ created: 'yes' })), () => now);
          const run = {
            context: { now: () => now },
            journal: {
              get state() {
                return journal.state;
              },
              append: (entry: Parameters<typeof journal.append>[0]) => {
                entries += 1;
                return journal.append(entry);
              },
            },
            statusNames: {},
            settle: { initMs: 0, otherMs: 0 },
          } as unknown as Run;
          for (const pause of pauses) {
            now += pause;
            await recordAnswer(run, 'AUG_2020_CUS', { at: now, batch: final(now + life) });
            const shown = viewLoad(journal.state, {})[0]?.resultExpiresAt ?? '';
            const wrong = now + life - Date.parse(shown);
            expect(wrong >= 0 && wrong < 10 * MINUTE).toBe(true);
            // Never a time that is over while the URL just given works.
            expect(Date.parse(shown)).toBeGreaterThan(now);
          }
          const least = Math.min(10 * MINUTE, life);
          expect(entries).toBeLessThanOrEqual(1 + Math.floor((now - began) / least));
        },
      ),
    );
  });

  it('is shown for a final batch alone, and survives the journal', () => {
    const expiry = '2020-09-01T04:59:00.000Z';
    const seen = { ...final(Date.parse(expiry)) };
    const shown = (one: Batch) =>
      viewLoad(load(known({ created: 'yes', uploaded: 'yes', finalized: 'yes', seen: one })), {})[0]
        ?.resultExpiresAt;
    expect([shown(seen), shown({ ...seen, status: 'Queued' })]).toEqual([expiry, undefined]);
  });
});
