import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FileKind } from '../../src/batch/types.ts';
import { expandFiles } from '../../src/files/file-arguments.ts';
import { FoldedHash, KeyHash64, KeySet, LOOKALIKE } from '../../src/files/keys.ts';
import { areLikeKeys, differences, folded, quotedPair } from '../../src/files/lookalikes.ts';
import { checkFiles } from '../../src/files/preflight.ts';
import { tempDir } from '../helpers/context.ts';
import { runs } from '../helpers/runs.ts';
import { checkText } from './check-text.ts';

const COLUMNS = {
  customer: { key: 'Account' },
  invoice: { key: 'Invoice', customer: 'Account' },
  items: { invoice: 'Invoice' },
};

type File = readonly [name: string, kind: FileKind, content: string, of?: string];

async function check(files: readonly File[], columns: object = COLUMNS) {
  const folder = tempDir();
  for (const [name, , content] of files) writeFileSync(join(folder, name), content);
  const reports = await checkFiles(
    files.map(([name, kind, , of]) => ({
      path: join(folder, name),
      kind,
      ...(of === undefined ? {} : { of: join(folder, of) }),
    })),
    { columns },
  );
  const findings = reports.flatMap((report) => report.findings.map((one) => ({ ...one, file: report.file })));
  return {
    reports,
    findings,
    found: findings.map((f) => `${f.file} ${f.code}@${f.line ?? '-'}:${f.column ?? '-'}`),
  };
}

/** A month with one customer `key`, referred to as `reference`. */
const month = (key: string, reference: string): File[] => [
  ['cus.csv', 'customer', `Account,Name\nZ9,z\n"${key}",x\n`],
  ['inv.csv', 'invoice', `Invoice,Account\nI1,"${reference}"\n`],
];

const DIFFERENT = [
  ['a blank at the end', 'C1 ', 'C1', '"C1␠"', 'blanks'],
  ['a no-break space', 'C\u00a01', 'C 1', '"C\\u00a01"', 'blanks'],
  ['two blanks inside', 'C  1', 'C 1', '"C␠␠1"', 'blanks'],
  ['a tab', 'C1\t', 'C1', '"C1\\t"', 'blanks'],
  ['case', 'c1', 'C1', '"c1"', 'upper and lower case'],
  ['leading zeros', '007', '7', '"007"', 'leading zeros'],
  ['NFD', 'Mu\u0308ller', 'M\u00fcller', '"Mu\\u0308ller"', 'Unicode form (NFC, NFD)'],
  ['an invisible character', 'C1\u200b', 'C1', '"C1\\u200b"', 'invisible characters'],
  ['a byte order mark', '\ufeffC1', 'C1', '"\\ufeffC1"', 'invisible characters'],
  ['a hyphen of another kind', 'C\u20111', 'C-1', '"C\\u20111"', 'the kind of dash'],
  ['zeros and case', '00c1', 'C1', '"00c1"', 'upper and lower case and leading zeros'],
] as const;

describe('a reference that looks like a key', () => {
  it.each(DIFFERENT)('is named with it: %s', async (_, key, reference, shown, difference) => {
    const { found, findings } = await check(month(key, reference));
    expect(found).toEqual(['inv.csv unknown-customer@2:2']);
    const [{ message = '', hint = '' } = {}] = findings;
    expect(message).toContain(`but ${shown} is, in line 3 of cus.csv: they differ only in ${difference}`);
    expect(hint).not.toMatch(/^Add|, or add/u);
    expect(hint).toContain('Do not add a customer');
  });

  it.each([
    ['C1', 'C2'],
    ['C10', 'C1'],
    ['A-1', 'A1'],
    ['100', '1'],
    ['\u00e9', 'e'],
  ])('is not %s for %s', async (key, reference) => {
    const { findings } = await check(month(key, reference));
    expect(findings.map(({ message }) => message)).toEqual([
      `the customer "${reference}" is not in the customer files`,
    ]);
  });

  it.each(['C1', 'C1 ', 'Mu\u0308ller', '007', 'C\u00a01'])(
    'is no finding where both are written alike: %s',
    async (key) => {
      expect((await check(month(key, key))).found).toEqual([]);
    },
  );

  it('is named for items, with the file of the invoice', async () => {
    const files: File[] = [
      ['inv_1.csv', 'invoice', 'Invoice,Account\nI1 ,A\nI2,A\n'],
      ['inv_2.csv', 'invoice', 'Invoice,Account\nI3,A\n'],
      ['itm_1.csv', 'items', 'Invoice,T\nI1,x\nI2,x\nI3,x\n', 'inv_1.csv'],
      ['itm_2.csv', 'items', 'Invoice,T\nI3,x\n', 'inv_2.csv'],
    ];
    const { findings } = await check(files);
    const unknown = findings.filter(({ code }) => code === 'unknown-invoice');
    expect(unknown.map(({ message }) => message)).toEqual([
      'the invoice "I1" is not in inv_1.csv, but "I1␠" is, in line 2 of inv_1.csv: they differ only in blanks',
      'the invoice "I3" is not in inv_1.csv, but in line 2 of inv_2.csv',
    ]);
    for (const { hint } of unknown) expect(hint).toContain('Do not add');
  });

  it('is one finding, before the unknown ones, when there are many', async () => {
    const customers = Array.from({ length: 50 }, (_, i) => `${i + 1},x\n`).join('');
    const zeros = Array.from({ length: 50 }, (_, i) => `I${i},${String(i + 1).padStart(5, '0')}\n`).join('');
    const unknown = Array.from({ length: 40 }, (_, i) => `J${i},N${i}\n`).join('');
    const { reports } = await check([
      ['cus.csv', 'customer', `Account,Name\n${customers}`],
      ['inv.csv', 'invoice', `Invoice,Account\n${unknown}${zeros}`],
    ]);
    const { findings = [], findingsTotal } = reports[1] ?? {};
    expect(findings[0]?.message).toBe(
      'the customer "00001" is not in the customer files, but "1" is, in line 2 of cus.csv: they differ only in leading zeros; 49 more records like this',
    );
    expect(findings.slice(1).map(({ line }) => line)).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(findingsTotal).toBe(41);
  });

  it('is never mixed up with unknown ones: every record counts once', async () => {
    const key = fc.constantFrom('A1', 'a1', 'A1 ', 'B2', 'C3', '03', '3', 'D4');
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(key, { minLength: 1, maxLength: 4 }),
        fc.array(key, { minLength: 1, maxLength: 30 }),
        async (keys, references) => {
          const { reports } = await check([
            ['cus.csv', 'customer', `Account,Name\n${keys.map((k) => `${k},x\n`).join('')}`],
            ['inv.csv', 'invoice', `Invoice,Account\n${references.map((r, i) => `I${i},${r}\n`).join('')}`],
          ]);
          const unknown = references.filter((one) => !keys.includes(one));
          const like = unknown.filter((one) => keys.some((k) => folded(k) === folded(one)));
          const { findings = [], findingsTotal } = reports[1] ?? {};
          const few = unknown.length <= 10;
          // What most records have is one finding.
          const rest = unknown.length - like.length;
          const one = rest > 10 && rest * 2 > references.length;
          if (few) expect(findingsTotal).toBe(unknown.length);
          else expect(findingsTotal).toBe((like.length > 0 ? 1 : 0) + (one ? 1 : rest));
          const named = findings.filter(({ message }) => message.includes('differ only'));
          expect(named.length).toBe(few ? like.length : Math.min(1, like.length));
        },
      ),
      { numRuns: runs(15, 60) },
    );
  });
});

describe('two keys that look alike', () => {
  it.each(DIFFERENT.filter(([, a, b]) => areLikeKeys(a, b)))('are a warning: %s', async (_, a, b, shown) => {
    const { findings, found } = await check([['cus.csv', 'customer', `Account,N\n${b},x\nQ,y\n"${a}",z\n`]]);
    expect(found).toEqual(['cus.csv lookalike-key@4:1']);
    expect(findings[0]?.severity).toBe('warning');
    expect(findings[0]?.message).toContain(shown);
    expect(findings[0]?.message).toContain('in line 2');
  });

  it.each([
    ['other keys', ['1', '2', '10', '20', '100', 'A1', 'B1', 'A-1']],
    ['parts divided by blanks', ['1 11', '11 1']],
    ['codes in upper and lower case', ['aB3xY', 'Ab3xY', 'aB3Xy']],
    ['zeros at the end or inside', ['C1', 'C10', 'C01']],
    ['letters with other accents', ['Müller', 'Muller']],
  ])('are not: %s', async (_, keys) => {
    const rows = keys.map((key) => `${key},x\n`).join('');
    expect((await check([['cus.csv', 'customer', `Account,N\n${rows}`]])).found).toEqual([]);
  });

  it('are found in two files, and counted', async () => {
    const keys = (key: (i: number) => string) =>
      Array.from({ length: 4 }, (_, i) => `${key(i)},x\n`).join('');
    const { findings } = await check([
      ['a.csv', 'customer', `Account,N\n${keys((i) => `C${i}`)}`],
      ['b.csv', 'customer', `Account,N\n${keys((i) => `c${i}`)}`],
    ]);
    expect(findings.map(({ file, message }) => `${file}: ${message}`)).toEqual([
      'b.csv: the keys "C0" in line 2 of a.csv and "c0" here differ only in upper and lower case; 3 more like this',
    ]);
  });
});

describe('names that look alike', () => {
  it.each([
    ['Account\u00a0Number', '"Account\\u00a0Number"', 'blanks'],
    ['Account  Number', '"Account␠␠Number"', 'blanks'],
    ['account number', '"account number"', 'upper and lower case'],
    ['Account Number\u200b', '"Account Number\\u200b"', 'invisible characters'],
  ])(
    'a column named %j is no "Account Number", and the message shows why',
    async (name, shown, difference) => {
      const { findings, found } = await check([['cus.csv', 'customer', `Name,${name}\nx,C1\n`]], {
        customer: { key: 'Account Number' },
      });
      expect(found).toEqual(['cus.csv no-column@1:2']);
      expect(findings[0]?.message).toBe(
        `the header has no column "Account Number", which is named for customer.key, but ${shown}: they differ only in ${difference}`,
      );
    },
  );

  it('a column that is missing is listed as before', async () => {
    const { findings } = await check([['cus.csv', 'customer', 'Name,Konto\nx,C1\n']]);
    expect(findings[0]?.message).toBe('the header has no column "Account", which is named for customer.key');
  });

  it('two columns in one header are a warning, other names are none', () => {
    expect(checkText('Amount,amount\n1,2\n').found).toEqual(['lookalike-header@1:2']);
    expect(checkText('A\u00a0B,A B\n1,2\n').findings[0]?.message).toBe(
      'the names "A\\u00a0B" of column 1 and "A B" of column 2 differ only in blanks',
    );
    expect(checkText('Amount,Amounts,Tax Amount,Name 1,Name 10\n1,2,3,4,5\n').found).toEqual([]);
    // The same name is another finding.
    expect(checkText('Amount,Amount\n1,2\n').found).toEqual(['repeated-header@1:2']);
  });

  it('a file name in another Unicode form is offered', async () => {
    const folder = tempDir();
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'Ku\u0308nden.csv'), 'a,b\n1,2\n');
    const [report] = await checkFiles([{ path: join(folder, 'K\u00fcnden.csv'), kind: 'customer' }]);
    expect(report?.findings[0]?.code).toBe('missing');
    expect(report?.findings[0]?.message).toContain('but "Ku\\u0308nden.csv" does');
    expect(report?.findings[0]?.hint).toContain('Did you mean "Ku\\u0308nden.csv"?');
    const [other] = await checkFiles([{ path: join(folder, 'Other.csv'), kind: 'customer' }]);
    expect(other?.findings[0]?.message).toBe('the file does not exist');
    await expect(expandFiles(['K\u00fcn*.csv'], { cwd: folder, platform: 'linux' })).rejects.toMatchObject({
      hint: expect.stringContaining('Did you mean "Ku\\u0308nden.csv"?'),
    });
  });
});

describe('an amount with a character that looks like another one', () => {
  it.each([
    ['\u22125.00', '"\\u22125.00" is not an amount: U+2212 looks like the minus sign -'],
    ['1\u00a0234.50', '"1\\u00a0234.50" is not an amount: U+00A0 looks like a space'],
    ['five', '"five" is not an amount'],
  ])('%j is named', async (amount, message) => {
    const { findings } = await check([['inv.csv', 'invoice', `Invoice,Account,M\nI1,A,${amount}\n`]], {
      invoice: { amount: 'M' },
    });
    expect(findings.map((one) => one.message)).toEqual([expect.stringContaining(message)]);
  });
});

describe('folding', () => {
  const text = fc
    .array(
      fc.constantFrom(
        'a',
        'A',
        '0',
        '7',
        ' ',
        '\u00a0',
        '\u200b',
        '\u00e9',
        'e\u0301',
        'É',
        '-',
        '\u2212',
        'İ',
        'ß',
      ),
      {
        maxLength: 8,
      },
    )
    .map((parts) => parts.join(''));
  const hash = new FoldedHash();
  const hashed = (one: string): string => {
    const bytes = Buffer.from(`x${one}y`);
    hash.update(bytes, 1, bytes.length - 1);
    return `${hash.low} ${hash.high}`;
  };

  it('gives lookalikes, and only them, the same hash; their difference has a name and is shown', () => {
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(folded(folded(a))).toBe(folded(a));
        expect(hashed(a) === hashed(b)).toBe(folded(a) === folded(b));
        if (a === b || folded(a) !== folded(b)) return;
        expect(differences(a, b)).not.toBe('');
        const [one, other] = quotedPair(a, b);
        expect(one).not.toBe(other);
      }),
      { numRuns: runs(1000, 5000) },
    );
  });

  it('marks each key that looks like another one, also where only one of them is changed by folding', () => {
    const key = fc
      .array(
        fc.constantFrom('0', '00', '1', 'a', 'A', 'b', 'B', '-', '_', ' ', '\u00a0', 'É', 'e\u0301', 'xyz'),
        {
          minLength: 1,
          maxLength: 5,
        },
      )
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.array(key, { maxLength: 30 }), (keys) => {
        const set = new KeySet();
        const exact = new KeyHash64();
        for (const one of keys) {
          const bytes = Buffer.from(one);
          exact.update(bytes, 0, bytes.length);
          set.add(exact, bytes, 0, bytes.length);
        }
        set.findRepeats();
        keys.forEach((one, number) => {
          const isLike = keys.some((other) => other !== one && folded(other) === folded(one));
          const isMarked = (set.flags.get(number) & LOOKALIKE) !== 0;
          // The flag of a key that is there twice is at the first one.
          if (keys.indexOf(one) === number) expect(isMarked).toBe(isLike);
        });
      }),
      { numRuns: runs(400, 2000) },
    );
  });

  it('shows the difference of long texts, too', () => {
    const [one, other] = quotedPair(`${'x'.repeat(300)} 1`, `${'x'.repeat(300)}\u00a01`);
    expect(one).not.toBe(other);
    expect(one.length).toBeLessThan(80);
  });
});
