import { describe, expect, it } from 'vitest';
import { randomFrom } from '../helpers/random.ts';
import { mutated } from './mutate.ts';
import { openTarget, TARGET_NAMES } from './targets.ts';

// `npm run fuzz` searches further; this repeats what it found and shows that the targets still run.
describe.each(TARGET_NAMES)('the fuzz target %s', (name) => {
  it('keeps its promises on inputs that once broke them and on a few random ones', async () => {
    const { target, corpus } = await openTarget(name);
    for (const bytes of corpus) target.run(bytes);
    const random = randomFrom(7);
    for (let i = 0; i < 60; i++) {
      const from = corpus[i % corpus.length] as Buffer;
      const bytes = mutated(from.subarray(0, 4096), corpus, target.dictionary, random).subarray(0, 2048);
      try {
        target.run(bytes);
      } catch (error) {
        throw new Error(`${name}: ${JSON.stringify(bytes.toString('latin1'))}`, { cause: error });
      }
    }
    expect(corpus.length).toBeGreaterThan(1);
  }, 60_000);
});
