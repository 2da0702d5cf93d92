import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/commands/index.ts';
import { EXIT_CODES } from '../../src/errors.ts';
import type { Block } from '../../src/help/text.ts';
import { EXIT_MEANINGS } from '../../src/help/topics/exit-codes.ts';
import { TOPICS, topicNamed } from '../../src/help/topics.ts';
import { DOCUMENT_SCHEMA } from '../../src/output/json.ts';
import { eventSchema } from '../../src/output/progress/json.ts';
import { parseArgv } from '../../src/parse.ts';
import { PLAN_SCHEMA } from '../../src/plan/plan-schema.ts';
import { parsePlan } from '../../src/plan/read-plan.ts';

const SRC = fileURLToPath(new URL('../../src', import.meta.url));
const sources = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && !name.startsWith('help'))
  .map((name) => readFileSync(join(SRC, name), 'utf8'))
  .join('\n');

/** All matches of a pattern in the code of the program. */
const inCode = (pattern: RegExp): string[] => [
  ...new Set([...sources.matchAll(pattern)].map((found) => found[1] ?? '')),
];

async function blocks(name: string): Promise<readonly Block[]> {
  const page = await topicNamed(name)?.page();
  return page?.sections.flatMap((section) => section.blocks) ?? [];
}

/** The single terms that a topic explains. */
const names = async (name: string): Promise<string[]> =>
  (await blocks(name)).flatMap((block) =>
    block.type === 'terms' ? block.rows.flatMap(([term]) => term.split(', ')) : [],
  );

describe('the help topic', () => {
  it('exit-codes has every code with its names', async () => {
    expect(EXIT_MEANINGS.map(({ code }) => code)).toEqual([0, ...new Set(Object.values(EXIT_CODES))]);
    expect(EXIT_MEANINGS.flatMap((one) => one.names)).toEqual(Object.keys(EXIT_CODES));
    expect(await names('exit-codes')).toEqual(
      expect.arrayContaining(EXIT_MEANINGS.map(({ code }) => String(code))),
    );
  });

  it('environment has every variable that is read', async () => {
    const read = [...inCode(/\benv\['([A-Z_]+)'\]/g), ...inCode(/\benv\('([A-Z_]+)'\)/g)];
    expect(read.length).toBeGreaterThan(15);
    expect(await names('environment')).toEqual(expect.arrayContaining(read));
  });

  it('plan has every key of the schema, and a valid plan', async () => {
    const keys = await names('plan');
    expect(keys).toEqual(
      expect.arrayContaining([
        ...Object.keys(PLAN_SCHEMA.properties),
        'init.zeroOutCustomerBalance',
        'invoices[].items',
        'accept.failedRecords',
      ]),
    );
    const sample = (await blocks('plan')).find((block) => block.type === 'lines');
    expect(parsePlan(sample?.lines.join('\n') ?? '', 'plan.yaml')).toMatchObject({ job: 'AUG_2020' });
  });

  it('json has every event and every key of the schema', async () => {
    const listed = await names('json');
    const events = [...new Set(eventSchema().oneOf.map((one) => one.properties.event.const))];
    expect(events.length).toBeGreaterThan(15);
    expect(listed).toEqual(expect.arrayContaining(events));
    const { properties, definitions } = DOCUMENT_SCHEMA;
    const keys = [...Object.keys(properties), ...Object.keys(definitions.batch.properties)];
    expect(listed).toEqual(expect.arrayContaining(keys));
  });

  it('never installs ebill from the public registry, where the name is not ours', async () => {
    const lines = (await Promise.all(TOPICS.map(({ name }) => blocks(name))))
      .flat()
      .flatMap((block) => (block.type === 'lines' ? block.lines : []));
    const installs = lines.filter((line) => line.includes('npm install'));
    expect(installs.length).toBeGreaterThan(0);
    for (const line of installs) expect(line).toMatch(/ \.\/ebill-\*\.tgz$/);
  });

  it('has valid examples and references', async () => {
    const commands = COMMANDS.map(({ path }) => path.join(' '));
    const known = [...commands, ...TOPICS.map((topic) => `help ${topic.name}`)];
    for (const block of (await Promise.all(TOPICS.map(({ name }) => blocks(name)))).flat()) {
      if (block.type === 'see') expect(known).toEqual(expect.arrayContaining([...block.names]));
      if (block.type !== 'examples') continue;
      for (const [line] of block.rows) {
        const [, call] = /(?:^|\s)ebill ([^|<>]*)/.exec(line) ?? [];
        if (call === undefined) continue;
        const argv = call.replace(/ 2$/, '').trim().split(' ');
        expect(await parseArgv(argv, '0.0.0', 80)).toMatchObject({ type: 'command' });
      }
    }
  });
});
