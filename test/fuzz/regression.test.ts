import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { mutated, randomFrom } from './mutate.js';
import { TARGETS } from './targets.js';

const SRC = new URL('../../src/', import.meta.url);
const load = (name: string): Promise<Record<string, unknown>> => import(new URL(`${name}.ts`, SRC).href);

function regressions(target: string): Buffer[] {
  const folder = new URL(`regression/${target}/`, import.meta.url);
  try {
    return readdirSync(folder).map((name) => readFileSync(new URL(name, folder)));
  } catch {
    return [];
  }
}

/** `npm run fuzz` looks further; this holds what it found, and that the targets still run. */
describe.each(Object.entries(TARGETS))('%s', (name, { seeds, dictionary, make }) => {
  it('keeps its promises with what broke them once, and with some inputs like its own', async () => {
    const run = await make(load);
    const corpus = [...seeds.map((text) => Buffer.from(text)), ...regressions(name)];
    for (const bytes of corpus) run(bytes);
    const random = randomFrom(7);
    for (let i = 0; i < 60; i++) {
      const from = corpus[i % corpus.length] as Buffer;
      const bytes = mutated(from.subarray(0, 4096), corpus, dictionary, random).subarray(0, 2048);
      try {
        run(bytes);
      } catch (error) {
        throw new Error(`${name}: ${JSON.stringify(bytes.toString('latin1'))}`, { cause: error });
      }
    }
    expect(corpus.length).toBeGreaterThan(1);
  }, 60_000);
});
