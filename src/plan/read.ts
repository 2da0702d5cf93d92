import { createHash } from 'node:crypto';
import { open, stat } from 'node:fs/promises';
import { EbillError, errnoOf, messageOf } from '../errors.ts';
import { Utf8Checker } from '../files/utf8.ts';
import { visible } from '../system/escaping.ts';
import { planMistakes } from './mistakes.ts';
import type { Mistake, Plan } from './types.ts';

/** Bytes. A plan of patterns is a page; one that names ten thousand files is still below. */
const LARGEST = 1 << 20;

export interface PlanFile {
  readonly plan: Plan;
  /** As it is named in messages. */
  readonly name: string;
  /** Of its bytes, lower-case hex. */
  readonly sha256: string;
}

/**
 * Reads a plan file.
 * @param path absolute @param name as the operator wrote it
 * @throws EbillError INVALID_PLAN when it cannot be read, is no plan, or has mistakes
 */
export async function readPlan(path: string, name: string): Promise<PlanFile> {
  const shown = visible(name);
  const bytes = await contents(path, shown);
  const mistake = encodingMistake(bytes);
  if (mistake !== null) throw planMistakes(shown, [mistake]);
  // The YAML parser and the validator are heavy; help and other commands need neither.
  const { parsePlan } = await import('./parse.ts');
  const plan = parsePlan(bytes.toString('utf8'), shown);
  return { plan, name: shown, sha256: createHash('sha256').update(bytes).digest('hex') };
}

async function contents(path: string, name: string): Promise<Buffer> {
  try {
    // Before it is opened: opening a named pipe would wait for its writer for ever.
    const what = await stat(path);
    if (what.isDirectory()) throw unfit(`${name} is a folder, not a plan.`, 'Name the plan file in it.');
    if (!what.isFile())
      throw unfit(`${name} is no ordinary file.`, 'Save the plan as a file, and name that.');
    const file = await open(path);
    try {
      const { size } = await file.stat();
      if (size > LARGEST) throw tooLarge(name, `has ${size} bytes`);
      // No more than was promised: a file may grow while it is read, and some have no size at all (/proc).
      const bytes = Buffer.alloc(LARGEST + 1);
      let filled = 0;
      for (let read = 1; read > 0 && filled < bytes.length; filled += read)
        ({ bytesRead: read } = await file.read(bytes, filled, bytes.length - filled));
      if (filled > LARGEST) throw tooLarge(name, 'is larger than it says');
      return bytes.subarray(0, filled);
    } finally {
      await file.close();
    }
  } catch (cause) {
    if (cause instanceof EbillError) throw cause;
    const code = errnoOf(cause);
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw unfit(
        `There is no plan ${name}.`,
        'Check the name. To write one from the CSV files here: ebill run --init-plan',
        cause,
      );
    }
    const why = code === 'EACCES' || code === 'EPERM' ? 'permission denied' : messageOf(cause);
    throw unfit(`The plan ${name} cannot be read: ${why}.`, 'Check that it is a file you may read.', cause);
  }
}

const unfit = (message: string, hint: string, cause?: unknown): EbillError =>
  new EbillError('INVALID_PLAN', message, { hint, cause });

const tooLarge = (name: string, size: string): EbillError =>
  unfit(
    `${name} ${size}; a plan has ${LARGEST} at most.`,
    'Name the plan itself, not a CSV file; in it, a pattern such as itm_*.csv stands for many files.',
  );

/** Bytes that are no UTF-8, and where. */
function encodingMistake(bytes: Buffer): Mistake | null {
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff))
    return { line: 1, column: 1, message: 'this is UTF-16, not UTF-8: save it as UTF-8' };
  const checker = new Utf8Checker();
  const bad = checker.write(bytes)?.offset ?? (checker.end() ? null : bytes.length);
  if (bad === null) return null;
  // As a stream, so that half a character at the end is left out.
  const good = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes.subarray(0, bad), { stream: true });
  const before = good.split('\n');
  const column = (before.at(-1) ?? '').length + 1;
  return { line: before.length, column, message: 'from here on it is no UTF-8 text: save it as UTF-8' };
}
