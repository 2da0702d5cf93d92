import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const SRC = fileURLToPath(new URL('../src', import.meta.url));

interface Import {
  readonly from: string;
  readonly to: string;
  readonly typeOnly: boolean;
  /** `import()`, at the point of use. */
  readonly late: boolean;
}

const files = readdirSync(SRC, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
  .map((entry) => join(entry.parentPath, entry.name));

/** `api`, `load` …; files at the top are rooms of their own name. */
const room = (path: string): string => {
  const parts = relative(SRC, path).split(/[\\/]/);
  return parts.length === 1 ? 'top' : (parts[0] ?? '');
};

const IMPORT = /^(?:import|export)\s+(type\s+)?[^'"]*?from\s+'(\.[^']+)'|import\(\s*'(\.[^']+)'\s*\)/gm;

const imports: readonly Import[] = files.flatMap((from) =>
  [...readFileSync(from, 'utf8').matchAll(IMPORT)].map((match) => ({
    from,
    to: resolve(dirname(from), match[2] ?? match[3] ?? ''),
    typeOnly: match[1] !== undefined,
    late: match[3] !== undefined,
  })),
);

/** Downwards only. A room may always use itself and the small rooms at the top that know nothing of the rest. */
const BASE = [
  'beside.ts',
  'child.ts',
  'context.ts',
  'errors.ts',
  'folders.ts',
  'home.ts',
  'grouped.ts',
  'keychain.ts',
  'redact.ts',
  'visible.ts',
  'duration.ts',
  'prompt.ts',
  'shell.ts',
];
const MAY: Readonly<Record<string, readonly string[]>> = {
  batch: [],
  api: ['batch'],
  files: ['batch'],
  sample: [],
  sandbox: [],
  load: ['api', 'batch'],
  profile: ['api', 'batch'],
  output: [],
  plan: ['batch', 'profile', 'files'],
  report: ['batch', 'output'],
  help: ['output', 'plan'],
  commands: [
    'load',
    'files',
    'plan',
    'report',
    'help',
    'profile',
    'output',
    'sandbox',
    'sample',
    'api',
    'batch',
  ],
};
/** Rooms whose types, never their code, may be used. */
const TYPES: Readonly<Record<string, readonly string[]>> = {
  output: ['batch', 'load', 'files'],
  files: ['load'],
  report: ['batch', 'load'],
};

describe('who imports whom', () => {
  it('finds the imports at all', () => {
    expect(imports.length).toBeGreaterThan(300);
    expect(new Set(files.map(room))).toEqual(new Set(['top', ...Object.keys(MAY)]));
  });

  it('goes downwards only', () => {
    const climbing = imports.filter(({ from, to, typeOnly }) => {
      const [a, b] = [room(from), room(to)];
      if (a === b || a === 'top') return false;
      if (b === 'top') return !BASE.includes(relative(SRC, to));
      return !(MAY[a] ?? []).includes(b) && !(typeOnly && (TYPES[a] ?? []).includes(b));
    });
    expect(climbing.map(({ from, to }) => `${relative(SRC, from)} → ${relative(SRC, to)}`)).toEqual([]);
  });

  it('goes round in no circle', () => {
    // What is imported at the point of use has been loaded by then: the list of commands names them all that way.
    const after = (file: string) => imports.filter(({ from, late }) => from === file && !late);
    const circles: string[] = [];
    const seen = new Map<string, 'open' | 'done'>();
    const visit = (file: string, path: readonly string[]): void => {
      if (seen.get(file) === 'open') {
        circles.push([...path.slice(path.indexOf(file)), file].map((at) => relative(SRC, at)).join(' → '));
      }
      if (seen.has(file)) return;
      seen.set(file, 'open');
      for (const { to } of after(file)) visit(to, [...path, file]);
      seen.set(file, 'done');
    };
    for (const file of files) visit(file, []);
    expect(circles).toEqual([]);
  });

  it('no command imports another', () => {
    const list = readFileSync(join(SRC, 'commands', 'index.ts'), 'utf8');
    const commands = new Set(
      [...list.matchAll(/import\('(\.[^']+)'\)/g)].map((match) => resolve(SRC, 'commands', match[1] ?? '')),
    );
    expect(commands.size).toBeGreaterThan(10);
    const crossing = imports.filter(
      ({ from, to }) => commands.has(to) && !from.endsWith(join('commands', 'index.ts')),
    );
    expect(crossing.map(({ from, to }) => `${relative(SRC, from)} → ${relative(SRC, to)}`)).toEqual([]);
  });

  it('the process is touched by the context alone, and only the start loads nothing heavy', () => {
    const touching = files.filter((file) =>
      /\bprocess\.(?:exit|env|argv|std|on\b|pid|cwd)|\bconsole\./.test(
        readFileSync(file, 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, ''),
      ),
    );
    expect(touching.map((file) => relative(SRC, file)).sort()).toEqual(['context.ts', 'main.ts']);
    const start = imports
      .filter(({ from }) => from === join(SRC, 'main.ts'))
      .map(({ to }) => relative(SRC, to));
    expect(start.sort()).toEqual(['context.ts', 'context.ts', 'internal-log.ts', 'program.ts']);
  });
});
