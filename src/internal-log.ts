import { appendFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Context } from './context.ts';
import { messageOf } from './errors.ts';
import type { Redactor } from './redact.ts';
import { sourceStack } from './stack.ts';
import { visible } from './visible.ts';

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
    await mkdir(join(context.paths.state, 'log'), { recursive: true, mode: 0o700 });
    await appendFile(path, `${new Date(context.now()).toISOString()} ${redactor.clean(stack)}\n`, {
      mode: 0o600,
    });
    return { message, hint: `Please report it with the end of ${path}. What was done so far is on record.` };
  } catch {
    return { message, hint: 'Please report it. No log could be written; what was done so far is on record.' };
  }
}
