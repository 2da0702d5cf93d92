import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const SRC = fileURLToPath(new URL('../../src', import.meta.url));

const sources = new Map(
  readdirSync(SRC, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    // The build scripts are no part of the program.
    .filter((path) => !/[\\/]build[\\/](?!sea-)/.test(path))
    .map((path) => [
      relative(SRC, path).replaceAll('\\', '/'),
      readFileSync(path, 'utf8').replace(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm, ''),
    ]),
);

/** The functions of `node:fs` that make a file, change one or give one a name. */
const WRITING =
  /\b(?:writeFile|appendFile|createWriteStream|open|rename|copyFile|cp|link|symlink|truncate|mkdtemp|writeSync|writev)(?:Sync)?\b/;

function importedFrom(text: string, module: RegExp): string[] {
  return [...text.matchAll(/import\s+(?!type)([^;]*?)\s+from\s+'([^']+)'/g)].flatMap(
    ([, names = '', from = '']) => (module.test(from) ? [names] : []),
  );
}

/**
 * Every file of the program that can write one, and why no secret gets into what it writes.
 * - `redacted`: the text comes from the redactor; the compiler holds it (the type `Redacted`).
 * - `data`: bytes of the user's files or of the server's results, which must stay as they are (help security).
 * - `own`: nothing in it is from a server, and nothing of it is secret: names, numbers, times.
 * - `reads`: opens files for reading alone.
 */
const FILES: Readonly<Record<string, 'redacted' | 'data' | 'own' | 'reads'>> = {
  'system/crash-log.ts': 'redacted',
  'load/journal.ts': 'redacted',
  'commands/shared/notify.ts': 'redacted',
  'system/atomic-file.ts': 'data',
  // Native code that an executable carries within.
  'build/sea-addons.ts': 'own',
  'sample/sample.ts': 'data',
  'system/lock.ts': 'own',
  'commands/demo.ts': 'own',
  'commands/report.ts': 'own',
  // A folder for the time of the command.
  'commands/correct.ts': 'own',
  'commands/correct/waive.ts': 'own',
  // The user's records, for the time of the command.
  'commands/correct/items.ts': 'data',
  // It also moves journals as they are.
  'load/journal-places.ts': 'reads',
  'plan/read-plan.ts': 'reads',
  'api/upload-body.ts': 'reads',
  'files/record-reader.ts': 'reads',
  'system/file-hash.ts': 'reads',
  'files/preflight.ts': 'reads',
  'files/candidate-records.ts': 'reads',
  'files/recognise.ts': 'reads',
  'commands/api.ts': 'reads',
  'commands/shared/results-folder.ts': 'reads',
};

/** The sandbox is a server of its own, in whose folder nothing real belongs (help security). */
const program = [...sources].filter(([path]) => !path.startsWith('sandbox/'));

describe('the places that write', () => {
  it('files: each is known, with the reason why no secret gets into it', () => {
    const found = program.filter(([, text]) =>
      importedFrom(text, /^node:fs(?:\/promises)?$/).some(
        (names) => WRITING.test(names) || /\*|^\w/.test(names),
      ),
    );
    expect(found.map(([path]) => path).sort()).toEqual(Object.keys(FILES).sort());
  });

  it('files of the program’s own words take redacted text alone', () => {
    const redacted = Object.keys(FILES).filter((path) => FILES[path] === 'redacted');
    for (const path of [...redacted, 'system/atomic-file.ts'])
      expect(sources.get(path), path).toMatch(/text: Redacted|line: Redacted/);
    // The atomic writer takes anything from these, and from all others only redacted text (`writeRedacted`).
    const writers = program
      .filter(
        ([path, text]) =>
          path !== 'system/atomic-file.ts' && /\b(?:AtomicFile\.open|writeAtomic)\(/.test(text),
      )
      .map(([path]) => path);
    expect(writers.sort()).toEqual([
      // The server's results and the user's records, which must stay as they are (help security).
      'api/download.ts',
      'commands/correct/perform.ts',
      'files/rejects.ts',
      // A journal of another machine, redacted there and here (`Redacted`).
      'load/journal.ts',
      // The name of the current load.
      'load/loads.ts',
      // The one file that is there to hold secrets.
      'profile/secrets.ts',
    ]);
  });

  it('what reads does only that', () => {
    for (const [path] of Object.entries(FILES).filter(([, why]) => why === 'reads')) {
      const calls = [
        ...(sources.get(path) ?? '').matchAll(/(?<![.\w]|async )open\(([^()]*(?:\([^()]*\)[^()]*)*)\)/g),
      ];
      expect(calls.length, path).toBeGreaterThan(0);
      for (const [call, argumentsOf = ''] of calls)
        expect(argumentsOf, `${path}: ${call}`).not.toMatch(/'(?!r')[rwa][xs]?\+?'/);
    }
  });

  it('streams: written to by few, all behind the gate that the program puts before them', () => {
    const writers = program
      .filter(([, text]) => /\bstd(?:out|err)\.write\(|\bstream\.write\(/.test(text))
      .map(([path]) => path);
    expect(writers.sort()).toEqual([
      'commands/demo.ts',
      // The version, and failures outside a run, which `explainCrash` redacts.
      'main.ts',
      'output/print-result.ts',
      'output/prompt.ts',
      'output/screen.ts',
      'program.ts',
      // The gate.
      'redact/redactor.ts',
    ]);
    const start = sources.get('program.ts') ?? '';
    expect(start).toContain('withChanges(context, { stdout: out.stream, stderr: err.stream, onRequest })');
    expect(start).toContain('runCommand(argv, redacted,');
    const written = [...(sources.get('main.ts') ?? '').matchAll(/std(?:out|err)\.write\((.*)\);$/gm)];
    expect(written.map(([, argument]) => argument)).toEqual([
      'failureText(failure)',
      expect.stringMatching(/^`\$\{version\}/),
      'failureText(failure)',
      'failureDocument(argv, failure)',
    ]);
  });

  it('processes: the environment of a child is without the secrets', () => {
    const spawning = program.filter(([, text]) => importedFrom(text, /^node:child_process$/).length > 0);
    expect(spawning.map(([path]) => path)).toEqual(['system/child-process.ts']);
    const using = program.filter(([, text]) => /\.shell\(/.test(text)).map(([path]) => path);
    expect(using.sort()).toEqual(['api/token-command.ts', 'commands/shared/notify.ts']);
    expect(sources.get('commands/shared/notify.ts')).toMatch(/\.\.\.withoutSecrets\(context\.env\)/);
    expect(sources.get('api/token-command.ts')).toMatch(/env = withoutSecrets\(context\.env\);/);
  });
});
