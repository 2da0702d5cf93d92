import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, describe, expect, it, vi } from 'vitest';
import wabt from 'wabt';
import { BLOCK_BYTES, BlockPool } from '../../src/files/blocks.ts';
import { FindingList } from '../../src/files/findings.ts';
import { ScanKernel } from '../../src/files/scan-kernel.ts';
import { CsvScanner } from '../../src/files/scanner.ts';
import { runs } from '../helpers/runs.ts';
import { checkText } from './check-text.ts';
import { kernelBlock } from './kernel-block.ts';

/** Assembles the source. */
async function assemble(): Promise<Uint8Array> {
  const { parseWat } = await wabt();
  const name = 'src/files/scan-kernel.wat';
  return parseWat(name, readFileSync(name, 'utf8'), { simd: true, threads: true }).toBinary({}).buffer;
}

describe('scan-kernel-bytes.ts', () => {
  // After a change of the source: npx vitest run -u test/files/scan-kernel.test.ts
  it('is what scan-kernel.wat assembles to', async () => {
    const base64 = Buffer.from(await assemble()).toString('base64');
    const lines = base64.match(/.{1,100}/gu) ?? [];
    const text = `// scan-kernel.wat, assembled. \`test/files/scan-kernel.test.ts\` writes and compares it.
export const SCAN_KERNEL =
  ${lines.map((line) => `'${line}'`).join(' +\n  ')};
`;
    await expect(text).toMatchFileSnapshot('../../src/files/scan-kernel-bytes.ts');
  });
});

/** All that a scanner says of a file: findings, counts, places and every call of its sink. */
function scan(
  content: Uint8Array,
  sizes: readonly number[],
  selections: readonly (readonly number[])[],
  copy: (bytes: Uint8Array) => Uint8Array,
): unknown {
  const findings = new FindingList();
  const calls: unknown[] = [];
  let records = 0;
  const select = (columns: readonly number[], width: number): number[] =>
    columns.filter((column) => column <= width);
  let width = 0;
  const sink = {
    header: (names: readonly string[], line: number): number[] => {
      calls.push([names, line]);
      width = names.length;
      return select(selections[0] ?? [], width);
    },
    record: (line: number, whole: boolean, bytes: Uint8Array, bounds: Int32Array): number[] | undefined => {
      const values: string[] = [];
      for (let i = 0; whole && i < bounds.length; i += 2)
        values.push(Buffer.from(bytes.subarray(bounds[i], bounds[i + 1])).toString('latin1'));
      calls.push([line, whole, values]);
      records += 1;
      return records % 9 === 0
        ? select(selections[(records / 9) % selections.length] ?? [], width)
        : undefined;
    },
  };
  const scanner = new CsvScanner(findings, selections.length === 0 ? undefined : sink);
  const places: unknown[] = [];
  let from = 0;
  for (let i = 0; from < content.length; i++) {
    const size = Math.max(i === 0 ? 3 : 1, sizes[i % sizes.length] ?? content.length);
    const block = copy(content.subarray(from, from + size));
    scanner.write(block);
    block.fill(0x2c);
    places.push(scanner.position, scanner.records);
    from += size;
  }
  scanner.end();
  const damaged = (['exponent', 'error-value', 'text-formula'] as const).map((code) => [
    ...scanner.damaged.of(code),
  ]);
  const { header, shape, position } = scanner;
  const { lastFilled, empty } = shape;
  return { calls, places, damaged, header, lastFilled, empty, position, ...findings.report(scanner.records) };
}

const ODDITIES = [
  '1E+5',
  '"2e+7"',
  'a+b',
  '+',
  '#N/A',
  '"#REF!"',
  'x#',
  '="00123"',
  '"=""1"""',
  '=SUM(A1',
  '"=1"',
  '\0',
  '"\0"',
  '"a"b',
  'a"b',
  '"',
  '""',
  '"""',
  '""""',
  '"\r"',
  '"a\r\n\rb"',
  '\r',
  'k,b',
  'k',
  ',',
  '\n',
  '\u001a',
  ' ',
  '\ufeff',
  '\ufeffk',
  '####',
];

/** Tables in which most records are plain, so that the kernel has something to pass, and any may have oddities. */
function tables() {
  const word = fc
    .array(fc.constantFrom('a', 'k', 'E', '7', '0', ' ', '-', 'é', '€', '😀', '.', '='), { maxLength: 12 })
    .map((parts) => parts.join(''));
  const long = fc.integer({ min: 20, max: 300 }).map((length) => 'x'.repeat(length));
  const quoted = fc
    .array(fc.constantFrom('a', '1', ',', '""', '\n', '\r\n', '€', ' '), { maxLength: 30 })
    .map((parts) => `"${parts.join('')}"`);
  const odd = fc.constantFrom(...ODDITIES);
  const field = fc.oneof(
    { weight: 30, arbitrary: word },
    { weight: 8, arbitrary: quoted },
    { weight: 3, arbitrary: long },
    { weight: 1, arbitrary: odd },
  );
  const plain = fc.oneof(
    { weight: 5, arbitrary: word },
    { weight: 2, arbitrary: quoted },
    { weight: 1, arbitrary: long },
  );
  return fc.integer({ min: 1, max: 5 }).chain((width) => {
    const row = (value: fc.Arbitrary<string>) => fc.array(value, { minLength: width, maxLength: width });
    const names = ['k', 'b', '"c"', 'Invoice Number', 'e e'].slice(0, width);
    const line = fc.oneof(
      { weight: 40, arbitrary: row(plain) },
      { weight: 4, arbitrary: row(field) },
      // Empty columns at the end.
      {
        weight: 6,
        arbitrary: row(plain).map(([first = '']) => [first || '1', ...names.slice(1).map(() => '')]),
      },
      { weight: 1, arbitrary: fc.array(field, { maxLength: 7 }) },
      {
        weight: 1,
        arbitrary: fc.constantFrom(
          [''],
          names,
          names.map(() => ''),
          [' '],
        ),
      },
    );
    const eol = fc.constantFrom('\n', '\r\n', '\r');
    return fc.record({
      text: fc
        .record({
          bom: fc.boolean(),
          usual: fc.constantFrom('\n', '\n', '\r\n'),
          rows: fc.array(fc.tuple(line, fc.option(eol, { freq: 60 })), { maxLength: 120, size: 'max' }),
          last: fc.boolean(),
        })
        .map(({ bom, usual, rows, last }) => {
          const lines = rows.map(([fields, other]) => fields.join(',') + (other ?? usual));
          const all = (bom ? '\ufeff' : '') + names.join(',') + usual + lines.join('');
          return last ? all : all.slice(0, -1);
        }),
      sizes: fc.oneof(
        fc.constant([1 << 20]),
        fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 6 }),
      ),
      selections: fc.array(fc.subarray([1, 2, 3, 4, 5]), { maxLength: 3 }),
    });
  });
}

describe('ScanKernel', () => {
  const pass = vi.spyOn(ScanKernel.prototype, 'pass');
  afterAll(() => pass.mockRestore());

  it('changes nothing: findings, counts, places and values are those of the scanner alone', {
    timeout: 60_000,
  }, () => {
    let passed = 0;
    fc.assert(
      fc.property(tables(), ({ text, sizes, selections }) => {
        const content = Buffer.from(text);
        pass.mockClear();
        const got = scan(content, sizes, selections, kernelBlock);
        pass.mock.calls.forEach(([, at], i) => {
          if ((pass.mock.results[i]?.value as number) > at) passed += 1;
        });
        expect(got).toEqual(scan(content, sizes, selections, (bytes) => Uint8Array.from(bytes)));
      }),
      { numRuns: runs(250, 700) },
    );
    expect(passed).toBeGreaterThan(700);
  });
});

describe('ScanKernel, with an oddity at any place among the 64 bytes it reads at once,', () => {
  it.each(ODDITIES)('%j changes nothing', (odd) => {
    for (let before = 0; before < 70; before++)
      for (const [start, end] of [
        ['', ''],
        ['', 'b'],
        ['b', ''],
        ['"', '"'],
        ['"', 'b"'],
        [',', ''],
      ] as const) {
        const lines = ['k,b', '1,2', '3,4', `${'x'.repeat(before)},${start}${odd}${end}`, '5,6', '7,8'];
        const content = Buffer.from(`${lines.join('\n')}\n`);
        const alone = scan(content, [1 << 20], [[1, 2]], (bytes) => Uint8Array.from(bytes));
        const got = scan(content, [1 << 20], [[1, 2]], kernelBlock);
        // A cheap comparison first.
        if (JSON.stringify(got) !== JSON.stringify(alone)) expect(got).toEqual(alone);
      }
  });
});

describe('ConversionSearch', () => {
  it('finds the same characters with the kernel and without, in blocks of any size', () => {
    const pieces = [
      'Ã¼',
      'Ã',
      'Â',
      'â',
      'â€™',
      '\u0082',
      '\ufffd',
      '\uffbd',
      'É',
      'Å¡',
      'Ë',
      'ä',
      'b',
      ',',
      '\n',
      ' ',
    ];
    // `checkText` compares them.
    const start = `${'k'.repeat(4096)},b\n`;
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...pieces), { maxLength: 60, size: 'max' }),
        fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 5 }),
        (text, sizes) => {
          const found = checkText(start + text.join(''), [start.length, ...sizes, 50]);
          expect(found.records).toBe(checkText(start + text.join('')).records);
        },
      ),
      { numRuns: runs(60, 300) },
    );
  });
});

describe('without WebAssembly', () => {
  it('there is no kernel, and blocks are ordinary shared memory', () => {
    // As under `node --jitless`.
    vi.stubGlobal('WebAssembly', undefined);
    const block = new BlockPool().block(5);
    vi.unstubAllGlobals();
    expect(block.length).toBe(BLOCK_BYTES);
    expect(ScanKernel.of(block)).toBe(undefined);
    expect(ScanKernel.of(new BlockPool().block(0))).toBeInstanceOf(ScanKernel);
  });
});
