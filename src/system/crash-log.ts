import { appendFile, readFile } from 'node:fs/promises';
import { SourceMap } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { errnoOf, messageOf } from '../errors.ts';
import { addCallSecrets } from '../redact/known-secrets.ts';
import { type Redacted, Redactor } from '../redact/redactor.ts';
import { makeFolders } from './atomic-file.ts';
import type { Context } from './context.ts';
import { visible } from './escaping.ts';

/** Logs a bug with its redacted stack trace, which users are not shown. @returns what they are shown */
export async function logInternal(
  thrown: unknown,
  context: Context,
  redactor: Redactor,
): Promise<{ message: string; hint: string }> {
  const path = join(context.paths.state, 'log', 'errors.log');
  const stack = thrown instanceof Error ? await sourceStack(thrown.stack ?? thrown.message) : String(thrown);
  const message = `This is a bug in ebill: ${visible(redactor.clean(messageOf(thrown)))}`;
  try {
    await append(path, redactor.clean(`${new Date(context.now()).toISOString()} ${stack}\n`));
    return { message, hint: `Please report it with the end of ${path}. What was done so far is on record.` };
  } catch {
    return { message, hint: 'Please report it. No log could be written; what was done so far is on record.' };
  }
}

/** Logs and reports a crash outside a run, where no `runProgram` does. A reader that closed the pipe is no crash. */
export async function reportLateCrash(thrown: unknown, context: Context): Promise<void> {
  if (errnoOf(thrown) === 'EPIPE') return;
  const redactor = new Redactor();
  addCallSecrets([], context.env, redactor);
  const { message, hint } = await logInternal(thrown, context, redactor);
  context.stderr.write(redactor.clean(`error: ${message}\n  → ${hint}\n`));
}

async function append(path: string, text: Redacted): Promise<void> {
  await makeFolders(dirname(path), 0o700);
  await appendFile(path, text, { mode: 0o600 });
}

/** A path in CommonJS, a URL in ES modules: `at run (/opt/a b/dist/main.js:1:20)`. */
const BUNDLE_PLACE = /(?<=\(|at |async )((?:file:\/\/|\/|[A-Za-z]:[\\/])[^\n]*?\.js):(\d+):(\d+)/g;

/** The stack trace with places in the sources instead of the bundle, where source maps are present. */
export async function sourceStack(stack: string): Promise<string> {
  const files = new Set([...stack.matchAll(BUNDLE_PLACE)].map(([, file = '']) => file));
  const maps = new Map<string, SourceMap>();
  for (const file of files) {
    const map = await sourceMapOf(file);
    if (map !== null) maps.set(file, map);
  }
  return stack.replace(BUNDLE_PLACE, (place, file: string, line: string, column: string) => {
    const found = maps.get(file)?.findEntry(Number(line) - 1, Number(column) - 1);
    if (found === undefined || !('originalSource' in found)) return place;
    return `${found.originalSource.replace(/^(?:\.\.\/)+/, '')}:${found.originalLine + 1}:${found.originalColumn + 1}`;
  });
}

async function sourceMapOf(file: string): Promise<SourceMap | null> {
  try {
    const path = file.startsWith('file:') ? fileURLToPath(file) : file;
    return new SourceMap(JSON.parse(await readFile(`${path}.map`, 'utf8')));
  } catch {
    return null;
  }
}
