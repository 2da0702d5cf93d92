import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { EbillError, errnoOf, messageOf } from '../errors.ts';
import { visible } from '../visible.ts';
import { planMistakes } from './mistakes.ts';
import { parsePlan } from './parse.ts';
import type { Plan } from './types.ts';

/** Bytes. A plan of patterns is a page; one that names ten thousand files is still far below. */
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
  const bytes = await contents(path, visible(name));
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw planMistakes(visible(name), [
      { line: 1, column: 1, message: 'this is no UTF-8 text: save it as UTF-8' },
    ]);
  }
  return { plan: parsePlan(text, visible(name)), name: visible(name), sha256 };
}

async function contents(path: string, name: string): Promise<Buffer> {
  try {
    const file = await open(path);
    try {
      const { size } = await file.stat();
      if (size > LARGEST)
        throw new EbillError('INVALID_PLAN', `${name} has ${size} bytes: that is no plan.`, {
          hint: 'A plan is a short YAML file; ebill run --init-plan writes one.',
        });
      return await file.readFile();
    } finally {
      await file.close();
    }
  } catch (cause) {
    if (cause instanceof EbillError) throw cause;
    const missing = errnoOf(cause) === 'ENOENT';
    throw new EbillError(
      'INVALID_PLAN',
      missing ? `There is no plan ${name}.` : `The plan ${name} cannot be read: ${messageOf(cause)}.`,
      {
        hint: missing
          ? 'Check the name. To write one from the CSV files here: ebill run --init-plan'
          : 'Check that it is a file you may read.',
        cause,
      },
    );
  }
}
