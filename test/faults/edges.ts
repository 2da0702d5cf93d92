import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { EbillError } from '../../src/errors.ts';
import { replay } from '../../src/load/journal-lines.ts';
import type { Document } from '../e2e/harness.ts';
import { type Crash, crashOnce } from './killed.ts';
import { finish, finishAndJudge, journalsOf, judge, monthLines, need, type Trial, trial } from './load.ts';
import type { Point } from './tally.ts';

const [INIT, CUSTOMERS, FIRST_INVOICE = [], SECOND_INVOICE, FINALIZE, WATCH] = monthLines();
const lines = (...all: (readonly string[] | undefined)[]): readonly (readonly string[])[] =>
  all.flatMap((line) => (line === undefined ? [] : [line]));

/** An interrupted restart of an invoice batch, resumed by the same command or without the option. */
export function restartPoint(crash: Crash, again: boolean): Point {
  return {
    name: `starting over, journal write ${crash.at} ${crash.how}, then ${again ? 'the same command' : 'without the option'}`,
    run: () =>
      trial({ duplicates: 'refuse', faults: ['create:items@3=reset-after'] }, async (broken) => {
        const { at } = broken;
        for (const line of lines(INIT, CUSTOMERS)) need((await at.call(line)).code === 0, 'it begins');
        const conflict = await at.call(FIRST_INVOICE);
        need(conflict.code === 8, `no conflict, but ${conflict.code}`);
        const reached = await crashOnce(broken, crash, [[...FIRST_INVOICE, '--restart-invoice']]);
        const goOn = again ? [...FIRST_INVOICE, '--restart-invoice'] : FIRST_INVOICE;
        await finish(broken, { duplicates: 'refuse', lines: lines(goOn) });
        await finishAndJudge(broken, { duplicates: 'refuse' });
        return reached;
      }),
  };
}

/** A load uploaded by one machine, finalized by another that is broken off on the way. */
export function elsewherePoint(crash: Crash): Point {
  return {
    name: `finalized elsewhere, journal write ${crash.at} ${crash.how}`,
    run: () =>
      trial({ duplicates: 'reissue' }, async (first) => {
        await finish(first, {
          duplicates: 'reissue',
          lines: lines(INIT, CUSTOMERS, FIRST_INVOICE, SECOND_INVOICE),
        });
        const second = { ...first, at: first.another() };
        const reached = await crashOnce(second, crash, lines(FINALIZE));
        await finish(second, { duplicates: 'reissue', lines: lines(FINALIZE, WATCH) });
        holds(first);
        return reached;
      }),
  };
}

/** A load started on one machine and adopted by another, whose upload is interrupted: finalize must refuse. */
export function adoptedPoint(n: number): Point {
  return {
    name: `adopted, put ${n} broken off, then finalized`,
    run: () =>
      trial({ duplicates: 'reissue', faults: [`put@${n}=status:403`] }, async (first) => {
        const { at } = first;
        need((await at.call(INIT ?? [])).code === 0, 'it begins');
        const upload = CUSTOMERS ?? [];
        need((await at.call(upload)).code === (n > 2 ? 0 : 9), 'the first upload');
        const second = { ...first, at: first.another() };
        const broken = await second.at.call([...upload, '--adopt']);
        const early = await second.at.call(FINALIZE ?? []);
        need(
          broken.code === 0 || early.code === 8,
          `${broken.code}, and finalized all the same: ${early.code}`,
        );
        await finish(second, {
          duplicates: 'reissue',
          lines: lines([...upload, '--adopt'], FIRST_INVOICE, SECOND_INVOICE, FINALIZE, WATCH),
        });
        holds(first);
        return true;
      }),
  };
}

function holds({ server, at }: Trial): void {
  const { lost, doubled, wrong } = judge(server, [at.home], 'reissue');
  need(lost.length + doubled.length + wrong.length === 0, [...lost, ...doubled, ...wrong].join('; '));
}

/** The journal of a finished load. */
export async function finishedJournal(done: Trial): Promise<{ path: string; bytes: Buffer }> {
  await finishAndJudge(done, { duplicates: 'reissue' });
  const path = journalsOf(done.at.home)[0] ?? '';
  return { path, bytes: readFileSync(path) };
}

/** Every prefix of a journal is one that can be read. */
export function cutPoints(bytes: Buffer, step: number): readonly Point[] {
  const text = bytes.toString('utf8');
  let whole = { end: 0, says: replayed('') };
  return Array.from({ length: Math.floor(bytes.length / step) + 1 }, (_, i) => ({
    name: `replay of the first ${i * step} bytes`,
    run: async () => {
      // Cut within a character, too.
      const kept = bytes.subarray(0, i * step).toString('utf8');
      const end = kept.lastIndexOf('\n') + 1;
      if (end !== whole.end) whole = { end, says: replayed(kept.slice(0, end)) };
      // A torn line was never acted on; a last line without its end is whole exactly when it is all there.
      const complete = text.startsWith(`${kept}\n`);
      need(complete || replayed(kept) === whole.says, 'a torn line is read as something');
      return true;
    },
  }));
}

/** The journal with one byte changed, at every `step`th: it is refused, or says the same. */
export function flipPoints(bytes: Buffer, step: number): readonly Point[] {
  const whole = replayed(bytes);
  return Array.from({ length: Math.floor((bytes.length - 1) / step) }, (_, i) => ({
    name: `replay with byte ${i * step} changed`,
    run: async () => {
      const at = i * step;
      for (const byte of [0, 0x0a, 0x22, 0x7d, (bytes[at] ?? 0) ^ 1]) {
        const damaged = Buffer.from(bytes);
        damaged[at] = byte;
        need(refused(damaged) || replayed(damaged) === whole, `${byte} is read as something else`);
      }
      return true;
    },
  }));
}

function refused(content: Buffer): boolean {
  try {
    replay(content, 'damaged.jsonl');
    return false;
  } catch (error) {
    return error instanceof EbillError && error.code === 'CONFLICT';
  }
}

function replayed(content: string | Buffer): string {
  const state = replay(content, 'cut.jsonl');
  if (state === null) return 'null';
  // Fields of a newer program are kept: a checksum whose name is lost is one.
  const { ebillJournal, job, profile, baseUrl, startedAt } = state.header;
  const header = { ebillJournal, job, profile, baseUrl, startedAt };
  return JSON.stringify({ ...state, header, batches: [...state.batches], open: [...state.open] });
}

const OPERATOR = /--adopt.*--next|See what it processed/;

/**
 * A finished load whose journal was rolled back to its first bytes (a restored disk) and is run again. Nothing may be
 * loaded twice; where the journal has lost what the server did, the program may only ask the operator.
 */
export function rolledBackPoint(done: Trial, bytes: Buffer, cut: number): Point {
  return {
    name: `rolled back to ${cut} bytes and run again`,
    run: async () => {
      const at = done.another();
      const path = journalsOf(done.at.home)[0] ?? '';
      const own = path.replace(done.at.home, at.home);
      mkdirSync(dirname(own), { recursive: true });
      writeFileSync(own, bytes.subarray(0, cut));
      const asked: string[] = [];
      for (const line of monthLines()) {
        let ran = await at.call(line);
        if (ran.code === 8 && /--adopt/.test(ran.json.error?.hint ?? ''))
          ran = await at.call([...line, '--adopt']);
        if (ran.code === 0) continue;
        const error: Document['error'] = ran.json.error;
        need(
          ran.code === 8 && OPERATOR.test(error?.hint ?? ''),
          `${line.join(' ')} ends with ${ran.code}: ${error?.message}`,
        );
        asked.push(error?.message ?? '');
        break;
      }
      holds(done);
      need(asked.length > 0 || replay(readFileSync(own, 'utf8'), own) !== null, 'no journal');
      return true;
    },
  };
}
