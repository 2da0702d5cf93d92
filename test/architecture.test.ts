import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const SRC = fileURLToPath(new URL('../src', import.meta.url));

interface Import {
  readonly from: string;
  readonly to: string;
  readonly typeOnly: boolean;
}

const files = readdirSync(SRC, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
  .map((entry) => join(entry.parentPath, entry.name));

/** The folder directly under `src`, or `top` for the files there. */
const folder = (path: string): string => {
  const parts = relative(SRC, path).split(/[\\/]/);
  return parts.length === 1 ? 'top' : (parts[0] ?? '');
};

const IMPORT = /^(?:import|export)\s+(type\s+)?[^'"]*?from\s+'(\.[^']+)'|import\(\s*'(\.[^']+)'\s*\)/gm;

const imports: readonly Import[] = files.flatMap((from) =>
  [...readFileSync(from, 'utf8').matchAll(IMPORT)].map((match) => ({
    from,
    to: resolve(dirname(from), match[2] ?? match[3] ?? ''),
    typeOnly: match[1] !== undefined,
  })),
);

/** Any folder may use these, and of the top the errors alone. `sandbox` and `sample` share nothing more with the program. */
const BASE = ['system', 'redact'];
/** Which other folders the code of a folder may use. */
const MAY: Readonly<Record<string, readonly string[]>> = {
  system: [],
  redact: [],
  batch: [],
  api: ['batch'],
  files: ['batch'],
  sample: [],
  sandbox: [],
  load: ['api', 'batch'],
  profile: ['api', 'batch'],
  output: ['batch'],
  plan: ['batch', 'profile', 'files'],
  report: ['batch', 'output'],
  help: ['batch', 'output', 'plan'],
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
  build: ['commands', 'help', 'output', 'plan'],
};
/** Folders whose types, but not their code, a folder may use. */
const TYPES: Readonly<Record<string, readonly string[]>> = {
  output: ['load', 'files'],
  files: ['load'],
  report: ['load'],
};

describe('who imports whom', () => {
  it('finds the imports at all', () => {
    expect(imports.length).toBeGreaterThan(300);
    expect(new Set(files.map(folder))).toEqual(new Set(['top', ...Object.keys(MAY)]));
  });

  it('goes downwards only', () => {
    const climbing = imports.filter(({ from, to, typeOnly }) => {
      const [a, b] = [folder(from), folder(to)];
      if (a === b || a === 'top') return false;
      if (b === 'top') return relative(SRC, to) !== 'errors.ts';
      if (BASE.includes(b)) return false;
      return !(MAY[a] ?? []).includes(b) && !(typeOnly && (TYPES[a] ?? []).includes(b));
    });
    expect(climbing.map(({ from, to }) => `${relative(SRC, from)} → ${relative(SRC, to)}`)).toEqual([]);
  });

  it('has no circle, late imports included', () => {
    const after = (file: string) => imports.filter(({ from }) => from === file);
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
    const touching = files.filter(
      (file) =>
        folder(file) !== 'build' &&
        /\bprocess\.(?:exit|env|argv|std|on\b|pid|cwd)|\bconsole\./.test(
          readFileSync(file, 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, ''),
        ),
    );
    expect(touching.map((file) => relative(SRC, file)).sort()).toEqual(['main.ts', 'system/context.ts']);
    const start = imports
      .filter(({ from }) => from === join(SRC, 'main.ts'))
      .map(({ to }) => relative(SRC, to));
    expect(start.sort()).toEqual([
      'errors.ts',
      'program.ts',
      'system/context.ts',
      'system/crash-log.ts',
      'system/startup-failure.ts',
    ]);
  });
});
