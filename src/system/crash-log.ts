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
import { DAMAGED, type Failure } from './startup-failure.ts';

/**
 * Logs a bug with its stack trace, and returns the message for users, without the trace. Both are redacted.
 * @param redactor of the run; a crash outside a run has none
 */
export async function explainCrash(
  thrown: unknown,
  context: Context,
  redactor: Redactor = environmentRedactor(context),
): Promise<Failure> {
  if (isDamage(thrown)) return DAMAGED;
  const stack = thrown instanceof Error ? await sourceStack(thrown.stack ?? thrown.message) : String(thrown);
  const message = `This is a bug in ebill: ${visible(redactor.clean(messageOf(thrown)))}`;
  try {
    const path = join(context.paths.state, 'log', 'errors.log');
    await append(path, redactor.clean(`${new Date(context.now()).toISOString()} ${stack}\n`));
    return { message, hint: `Please report it with the end of ${path}. What was done so far is on record.` };
  } catch {
    return { message, hint: 'Please report it. No log could be written; what was done so far is on record.' };
  }
}

function environmentRedactor(context: Context): Redactor {
  const redactor = new Redactor();
  addCallSecrets([], context.env, redactor);
  return redactor;
}

/** A module of the installation that is missing, unreadable or cut off. */
function isDamage(thrown: unknown): boolean {
  const errno = errnoOf(thrown) ?? '';
  if (errno === 'MODULE_NOT_FOUND' || errno === 'ERR_MODULE_NOT_FOUND') return true;
  if (!(thrown instanceof Error)) return false;
  // Only where code cannot be parsed does the trace begin with the file.
  if (thrown instanceof SyntaxError) return thrown.stack?.startsWith('SyntaxError') === false;
  const installation = fileURLToPath(new URL('.', import.meta.url));
  return 'path' in thrown && typeof thrown.path === 'string' && thrown.path.startsWith(installation);
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
