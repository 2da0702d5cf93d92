import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commandFor } from '../../src/load/calls.ts';
import { exportText, linesOf, readExport, relationOf } from '../../src/load/hand-over.ts';
import { lineOf, tornMark } from '../../src/load/journal-line.ts';
import { replay } from '../../src/load/journal-lines.ts';
import { Redactor } from '../../src/redact/redactor.ts';
import { batch, HEADER, LINUX, source } from './fixtures.ts';

const AT = '2020-08-31T22:00:00.000Z';
const LOAD = {
  job: HEADER.job,
  baseUrl: HEADER.baseUrl,
  organisation: null,
  program: 'ebill/1.0.0',
  host: 'billing-1',
  exportedAt: AT,
};
const CUS = 'AUG_2020_CUS';

const LINES: readonly string[] = [
  lineOf(HEADER),
  lineOf({
    at: AT,
    type: 'intent',
    n: 1,
    decisions: 0,
    call: 'create',
    jobId: CUS,
    kind: 'customer',
    file: source(),
    parent: null,
  }),
  lineOf({
    at: AT,
    type: 'answer',
    n: 1,
    outcome: 'answered',
    batch: batch({ successMessage: 'Zoë said "hi"' }),
  }),
];
const seen = lineOf({ at: AT, type: 'seen', jobId: CUS, batch: batch() });
const result = lineOf({ at: AT, type: 'result', jobId: CUS, bytes: 1, sha256: 'a'.repeat(64) });
const leftOut = lineOf({ at: AT, type: 'left-out', jobId: CUS });
const waived = lineOf({ at: AT, type: 'waived', jobId: CUS, line: null, records: 1, reason: 'r', by: 'jo' });

const journal = (...lines: readonly string[]): Buffer => Buffer.from([...LINES, ...lines].join(''));
const clean = (text: string) => new Redactor().clean(text);
const exported = (content: Buffer, redactor = new Redactor()): Buffer =>
  Buffer.from(
    exportText(LOAD, content, { totals: [{ kind: 'customer', records: 10 }] }, JSON.stringify, (text) =>
      redactor.clean(text),
    ),
  );
const back = (bytes: Buffer): string => {
  const read = readExport(bytes);
  if ('problem' in read) throw new Error(read.problem);
  return read.lines.map((line) => `${line.toString()}\n`).join('');
};

describe('the file of a load', () => {
  it('gives the journal back, byte for byte', () => {
    expect(back(exported(journal(seen)))).toBe(journal(seen).toString());
    expect(readExport(exported(journal()))).toMatchObject({ load: LOAD });
  });

  it('also of one with lines that a crash cut off, empty lines and lines of earlier programs', () => {
    const early = seen.replace(/,"sum":"[0-9a-f]{8}"/, '');
    const part = Buffer.concat([Buffer.from('{"at":"'), Buffer.from('é').subarray(0, 1)]);
    const content = Buffer.concat([
      journal(early),
      Buffer.from('\n'),
      part,
      Buffer.from(`\n${tornMark(AT, part.length)}`),
      Buffer.from('{"x": 1.0 }\n'),
    ]);
    const read = readExport(exported(content));
    expect(
      'lines' in read &&
        Buffer.concat(read.lines.flatMap((line) => [line, Buffer.from('\n')])).equals(content),
    ).toBe(true);
  });

  it('leaves out the last line that a crash cut off, and takes one that only lacks its end', () => {
    expect(back(exported(journal(seen.slice(0, -20))))).toBe(journal().toString());
    expect(back(exported(journal(seen.trimEnd())))).toBe(journal(seen).toString());
  });

  it('has readable entries, and each line the SHA-256 of the one before', () => {
    const [first = '', second = '', ...rest] = exported(journal()).toString().trimEnd().split('\n');
    expect(JSON.parse(first)).toMatchObject({ ebillLoad: 1, job: 'AUG_2020', before: null });
    expect(JSON.parse(second)).toMatchObject({
      journal: { job: 'AUG_2020' },
      before: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(JSON.parse(rest.at(-2) ?? '')).toMatchObject({ totals: [{ records: 10 }] });
    expect(JSON.parse(rest.at(-1) ?? '')).toMatchObject({ end: { lines: 5 } });
  });

  const whole = exported(journal(seen, waived));

  it('with any one byte changed is refused', () => {
    for (let at = 0; at < whole.length; at += 1) {
      for (const bits of [1, 0x20, 0x80]) {
        const copy = Buffer.from(whole);
        copy[at] = (copy[at] ?? 0) ^ bits;
        const read = readExport(copy);
        expect('problem' in read, `byte ${at}, ${copy.subarray(Math.max(0, at - 20), at + 20)}`).toBe(true);
      }
    }
  });

  it('with any byte missing or added, cut off anywhere, or with lines moved, is refused', () => {
    for (let at = 0; at < whole.length; at += 1) {
      expect('problem' in readExport(whole.subarray(0, at)), `cut at ${at}`).toBe(true);
      const without = Buffer.concat([whole.subarray(0, at), whole.subarray(at + 1)]);
      expect('problem' in readExport(without), `without ${at}`).toBe(true);
    }
    const lines = whole.toString().split(/(?<=\n)/);
    fc.assert(
      fc.property(fc.shuffledSubarray(lines, { minLength: 1 }), (moved) => {
        fc.pre(moved.join('') !== whole.toString());
        expect('problem' in readExport(Buffer.from(moved.join('')))).toBe(true);
      }),
    );
    fc.assert(
      fc.property(fc.nat(whole.length), fc.uint8Array({ minLength: 1, maxLength: 3 }), (at, more) => {
        const copy = Buffer.concat([whole.subarray(0, at), more, whole.subarray(at)]);
        expect('problem' in readExport(copy)).toBe(true);
      }),
    );
  });

  it.each<[string, string | Buffer, string]>([
    ['nothing', '', 'is empty'],
    ['a journal', journal(), 'is not an export of ebill'],
    ['a newer one', newer(), 'was written by a newer ebill (format 2)'],
    ['one without its end', whole.toString().replace(/.*\n$/, ''), 'the line that ends it is missing'],
    [
      'one with other line ends',
      whole.toString().replaceAll('\n', '\r\n'),
      'was changed: line 1 is not the one that line 2 follows',
    ],
    [
      'the journal of another load',
      otherwise({ job: 'SEP_2020' }),
      'contains the journal of another load than its header says',
    ],
    [
      'the journal of another server',
      otherwise({ baseUrl: 'https://x.example' }),
      'contains the journal of another load than its header says',
    ],
  ])('is refused when it is %s', (_what, text, problem) => {
    expect(readExport(Buffer.from(text))).toEqual({ problem: expect.stringContaining(problem) });
  });

  function otherwise(load: Partial<typeof LOAD>): string {
    return exportText({ ...LOAD, ...load }, journal(), {}, JSON.stringify, clean);
  }

  function newer(): string {
    const toText = (value: unknown): string =>
      JSON.stringify(value).replace('"ebillLoad":1', '"ebillLoad":2');
    return exportText(LOAD, journal(), {}, toText, clean);
  }

  it('hides what became known to be a secret since the journal was written, in a line that can still be read', () => {
    const redactor = new Redactor();
    redactor.add('Zoë said');
    const text = exported(journal(), redactor).toString();
    expect(text).not.toContain('Zoë');
    const lines = back(Buffer.from(text));
    expect(replay(lines, 'J')?.batches.get(CUS)?.seen?.successMessage).toBe('*** "hi"');
    // It is the same load all the same, on the machine that knows the secret.
    const own = linesOf(journal());
    const theirs = linesOf(Buffer.from(lines));
    expect(relationOf(own, theirs, (part) => redactor.clean(part))).toEqual({ is: 'same' });
  });
});

describe('a load that is on record here too', () => {
  const relation = (here: Buffer, there: Buffer) => relationOf(linesOf(here), linesOf(there), clean);
  const imported = lineOf({ at: AT, type: 'imported', exportedAt: AT, host: 'h' });

  it.each<[string, readonly string[], readonly string[], object]>([
    ['the same', [leftOut], [leftOut], { is: 'same' }],
    ['the same, imported and looked at since', [leftOut, imported, seen], [leftOut], { is: 'same' }],
    ['the same, looked at on both machines', [seen], [result], { is: 'same' }],
    ['longer there', [leftOut], [leftOut, waived], { is: 'longer', common: 4, keep: [] }],
    ['longer there by a look', [], [seen], { is: 'longer', common: 3, keep: [] }],
    [
      'longer there, looked at here',
      [seen, result],
      [waived],
      { is: 'longer', common: 3, keep: [Buffer.from(result.trimEnd())] },
    ],
    [
      'longer there, cut off here',
      [`{"at":"20\n`, tornMark(AT, 9)],
      [waived],
      { is: 'longer', common: 3, keep: [] },
    ],
    ['shorter there', [leftOut, waived], [leftOut], { is: 'shorter' }],
    ['shorter there, looked at there', [waived], [seen], { is: 'shorter' }],
    ['continued on both', [leftOut], [waived], { is: 'differs', line: 4 }],
    ['continued on both, after looks', [seen, leftOut], [result, leftOut], { is: 'differs', line: 4 }],
  ])('%s', (_what, here, there, expected) => {
    expect(relation(journal(...here), journal(...there))).toEqual(expected);
  });

  it('started on both', () => {
    const other = lineOf({ ...HEADER, startedAt: '2021-01-01T00:00:00.000Z' });
    expect(relation(journal(), Buffer.from(other))).toEqual({ is: 'differs', line: 1 });
    const unknown = lineOf({ at: AT, type: 'of-a-newer-program' });
    expect(relation(journal(unknown), journal(waived))).toEqual({ is: 'differs', line: 4 });
  });
});

describe('a call in doubt when the load was exported', () => {
  const doubt = (exportedAt: string, importedAt: string) => {
    const intent = lineOf({
      at: AT,
      type: 'intent',
      n: 2,
      decisions: 0,
      call: 'finalize',
      jobId: CUS,
      id: '3',
      waitMs: 1000,
    });
    const mark = lineOf({ at: importedAt, type: 'imported', exportedAt, host: 'h' });
    return replay(journal(intent, mark), 'J')?.batches.get(CUS)?.doubts.finalize;
  };

  it('is as old by the clock of the other machine as it was', () => {
    // The other clock is a day ahead: 5 s old there, too, and not a day.
    expect(doubt('2020-08-31T22:00:05.000Z', '2020-09-01T22:00:09.000Z')).toEqual({
      since: '2020-09-01T22:00:04.000Z',
      waitMs: 1000,
    });
    expect(doubt('2020-08-31T22:00:05.000Z', '2020-08-31T21:00:00.000Z')).toEqual({
      since: '2020-08-31T20:59:55.000Z',
      waitMs: 1000,
    });
  });

  it('stays as it is where a time cannot be read', () => {
    expect(doubt('yesterday', '2020-09-01T22:00:09.000Z')).toEqual({ since: AT, waitMs: 1000 });
  });
});

describe('a command of another machine', () => {
  const typed = (path: string): string => {
    const call = lineOf({
      at: AT,
      type: 'call',
      command: 'run',
      options: ['--out', '/x/y', '--approved', path.replace('plan.yaml', 'approval.json')],
      paths: [path],
      files: [{ jobId: CUS, kind: 'customer', parent: null, file: source() }],
      replaces: [],
    });
    const state = replay(journal(call, lineOf({ at: AT, type: 'imported', exportedAt: AT, host: 'h' })), 'J');
    const batch = state?.batches.get(CUS);
    if (!state || !batch) throw new Error('no such batch');
    return commandFor(state, batch, LINUX, (text) => text);
  };

  it.each(['/home/jo/month/plan.yaml', 'C:\\month\\plan.yaml'])(
    'is typed here without its folders: %s',
    (path) => {
      expect(typed(path)).toBe('ebill run plan.yaml --out /x/y --approved approval.json');
    },
  );
});
