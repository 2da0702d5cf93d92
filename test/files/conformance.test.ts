import { describe, expect, it } from 'vitest';
import { type FieldSink, readValue, valueText } from '../../src/files/field-values.ts';
import { FindingList } from '../../src/files/findings.ts';
import { CsvScanner } from '../../src/files/scanner.ts';

/** The header and all values of a text, read in blocks of `size` bytes. */
function table(text: string, size: number): { readonly rows: string[][]; readonly codes: string[] } {
  const rows: string[][] = [];
  const at = { bytes: new Uint8Array(0), from: 0, to: 0 };
  const sink: FieldSink = {
    header: (names) => {
      rows.push([...names]);
      return names.map((_, i) => i + 1);
    },
    record: (_line, whole, bytes, bounds) => {
      rows.push(
        Array.from({ length: whole ? bounds.length / 2 : 0 }, (_, i) => {
          readValue(at, bytes, bounds[2 * i] ?? 0, bounds[2 * i + 1] ?? 0);
          return valueText(at);
        }),
      );
      return undefined;
    },
  };
  const findings = new FindingList();
  const scanner = new CsvScanner(findings, sink);
  const bytes = Buffer.from(text);
  scanner.write(bytes.subarray(0, 3));
  for (let i = 3; i < bytes.length; i += size) scanner.write(bytes.subarray(i, i + size));
  scanner.end();
  return { rows, codes: findings.report(null).findings.map(({ code }) => code) };
}

/** The cases of max-mapper/csv-spectrum and of RFC 4180, section 2. */
const LEGAL: readonly (readonly [string, string, readonly (readonly string[])[]])[] = [
  [
    'RFC 2.1: CRLF',
    'a,b,c\r\nx,y,z\r\n',
    [
      ['a', 'b', 'c'],
      ['x', 'y', 'z'],
    ],
  ],
  [
    'RFC 2.2: no line end at the end',
    'a,b\r\nx,y',
    [
      ['a', 'b'],
      ['x', 'y'],
    ],
  ],
  [
    'RFC 2.4: spaces belong to a value',
    'a,b\r\n x , y \r\n',
    [
      ['a', 'b'],
      [' x ', ' y '],
    ],
  ],
  [
    'RFC 2.5: quoted or not',
    '"a","b"\r\n"x",y\r\n',
    [
      ['a', 'b'],
      ['x', 'y'],
    ],
  ],
  [
    'RFC 2.6: a line break inside',
    'a,b\r\n"x\r\n1",y\r\n',
    [
      ['a', 'b'],
      ['x\r\n1', 'y'],
    ],
  ],
  [
    'RFC 2.7: a quote doubled',
    'a,b\r\n"x""1",y\r\n',
    [
      ['a', 'b'],
      ['x"1', 'y'],
    ],
  ],
  [
    'comma_in_quotes',
    'first,address\nJohn,"120 any st., Anytown, WW"\n',
    [
      ['first', 'address'],
      ['John', '120 any st., Anytown, WW'],
    ],
  ],
  [
    'empty',
    'a,b,c\n1,"",""\n2,3,4\n',
    [
      ['a', 'b', 'c'],
      ['1', '', ''],
      ['2', '3', '4'],
    ],
  ],
  [
    'empty_crlf',
    'a,b,c\r\n1,"",""\r\n2,3,4\r\n',
    [
      ['a', 'b', 'c'],
      ['1', '', ''],
      ['2', '3', '4'],
    ],
  ],
  [
    'escaped_quotes',
    'a,b\n1,"ha ""ha"" ha"\n3,4\n',
    [
      ['a', 'b'],
      ['1', 'ha "ha" ha'],
      ['3', '4'],
    ],
  ],
  [
    'json',
    'key,val\n1,"{""type"": ""Point"", ""coordinates"": [102.0, 0.5]}"\n',
    [
      ['key', 'val'],
      ['1', '{"type": "Point", "coordinates": [102.0, 0.5]}'],
    ],
  ],
  [
    'newlines',
    'a,b,c\n1,2,3\n"Once upon \na time",5,6\n7,8,9\n',
    [
      ['a', 'b', 'c'],
      ['1', '2', '3'],
      ['Once upon \na time', '5', '6'],
      ['7', '8', '9'],
    ],
  ],
  [
    'quotes_and_newlines',
    'a,b\n1,"ha \n""ha"" \nha"\n3,4\n',
    [
      ['a', 'b'],
      ['1', 'ha \n"ha" \nha'],
      ['3', '4'],
    ],
  ],
  [
    'utf8',
    'a,b,c\n1,2,3\n4,5,ʤ\n',
    [
      ['a', 'b', 'c'],
      ['1', '2', '3'],
      ['4', '5', 'ʤ'],
    ],
  ],
  [
    'a BOM',
    '\ufeffa,b\n1,2\n',
    [
      ['a', 'b'],
      ['1', '2'],
    ],
  ],
  [
    'a BOM and a quoted name',
    '\ufeff"a",b\n1,2\n',
    [
      ['a', 'b'],
      ['1', '2'],
    ],
  ],
  [
    'only quotes',
    'a,b\n"""",""""""\n',
    [
      ['a', 'b'],
      ['"', '""'],
    ],
  ],
  ['one column with an empty value', 'a\n""\nx\n', [['a'], [''], ['x']]],
  [
    'a lone CR inside quotes',
    'a,b\n"x\ry",z\n',
    [
      ['a', 'b'],
      ['x\ry', 'z'],
    ],
  ],
];

describe('CsvScanner', () => {
  it.each(LEGAL)('reads %s', (_, text, rows) => {
    for (const size of [1, 2, 3, 7, 1000]) expect(table(text, size)).toEqual({ rows, codes: [] });
  });

  it.each([
    [
      'lone CR line ends',
      'a,b\r1,2\r',
      ['lone-cr'],
      [
        ['a', 'b'],
        ['1', '2'],
      ],
    ],
    ['a ragged row', 'a,b\n1,2,3\n', ['ragged'], [['a', 'b'], []]],
    [
      'a quote inside a value',
      'a,b\nx"y,2\n',
      ['bad-quote'],
      [
        ['a', 'b'],
        ['x"y', '2'],
      ],
    ],
    ['a quote never closed', 'a,b\n"x,2\n', ['open-quote'], [['a', 'b'], []]],
  ])('reports %s, and reads on', (_, text, codes, rows) => {
    for (const size of [1, 2, 1000]) expect(table(text, size)).toEqual({ rows, codes });
  });
});
