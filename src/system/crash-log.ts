import { appendFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errnoOf, messageOf } from '../errors.ts';
import { registerCall } from '../profile/register.ts';
import { type Redacted, Redactor } from '../redact/redactor.ts';
import { makeFolders } from './atomic-file.ts';
import type { Context } from './context.ts';
import { visible } from './escaping.ts';
import { sourceStack } from './source-stack.ts';

/** Keeps a bug's stack trace for those who mend it, redacted, and says where: people are not shown it. */
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

async function append(path: string, text: Redacted): Promise<void> {
  await makeFolders(dirname(path), 0o700);
  await appendFile(path, text, { mode: 0o600 });
}

/** A crash after the run, or before there was one: the same log and the same words. A reader that went away is none. */
export async function lateCrash(thrown: unknown, context: Context): Promise<void> {
  if (errnoOf(thrown) === 'EPIPE') return;
  const redactor = new Redactor();
  registerCall([], context.env, redactor);
  const { message, hint } = await logInternal(thrown, context, redactor);
  context.stderr.write(redactor.clean(`error: ${message}\n  → ${hint}\n`));
}
