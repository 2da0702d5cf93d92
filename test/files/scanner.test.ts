import { describe, expect, it } from 'vitest';
import { checkText } from './check-text.ts';

/** Checks a text in blocks of several sizes, with the same result. */
function found(content: string | Uint8Array): readonly string[] {
  const whole = checkText(content);
  for (const size of [1, 2, 3, 7]) expect(checkText(content, [size])).toEqual(whole);
  return whole.found;
}

describe('CsvScanner', () => {
  it.each([
    ['a record with too few fields', 'a,b\n1,2\n3\n', ['ragged@3:-']],
    ['a record with too many fields', 'a,b\n1,2,\n', ['ragged@2:-']],
    ['a ragged last record with no line end', 'a,b\n1,2\n3', ['ragged@3:-']],
    ['a ragged record after line breaks in quotes', 'a,b\n"1\r\n2\n3\r4",x\n5\n', ['ragged@6:-']],
    ['a ragged record of several lines, at its first', 'a,b\n1,2\n"x\ny"\n', ['ragged@3:-']],
    ['an open quote', 'a,b\n1,2\n3,"4\n5,6\n', ['open-quote@3:2']],
    ['an open quote in the header', 'a,"b\n1,2\n', ['open-quote@1:2']],
    ['an opening quote at the very end', 'a,b\n1,"', ['open-quote@2:2']],
    ['a quote opened after a CRLF in quotes', 'a,b\r\n"x\r\ny","z', ['open-quote@3:2']],
    ['text after a closing quote', 'a,b\n1,"2"x\n', ['bad-quote@2:2']],
    ['a space after a closing quote', 'a,b\n"1" ,2\n', ['bad-quote@2:1']],
    ['a quote inside an unquoted value', 'a,b\n5" pipe,2\n', ['bad-quote@2:1']],
    ['one finding for a field with many bad quotes', 'a,b\n5" by 6" pipe,2\n', ['bad-quote@2:1']],
    ['two fields with bad quotes', 'a,b\nx"y,"2"x\n', ['bad-quote@2:1', 'bad-quote@2:2']],
    ['a quote in the header', 'a,b"c\n1,2\n', ['bad-quote@1:2']],
    ['a blank line in the middle', 'a,b\n1,2\n\n3,4\n', ['blank-line@3:-']],
    ['blank lines in the middle, once', 'a,b\r\n1,2\r\n\r\n\r\n3,4\r\n\r\n', ['blank-line@3:-']],
    ['a blank line before the header', '\na,b\n1,2\n', ['blank-line@1:-']],
    ['a blank line and a ragged record', 'a,b\n1,2\n\n3\n', ['blank-line@3:-', 'ragged@4:-']],
    ['a blank line, then a ragged last record', 'a,b\n1,2\n\n3', ['blank-line@3:-', 'ragged@4:-']],
    ['a blank line before an open quote', 'a,b\n1,2\n\n"3', ['open-quote@4:1', 'blank-line@3:-']],
    ['an open quote before a CR at the end', 'a,b\n1,"x\r', ['open-quote@2:2']],
    ['a NUL', 'a,b\n1,2\n3,\0\n', ['nul@3:2']],
    ['a NUL inside quotes', 'a,b\n1,"x\n\0"\n', ['nul@3:2']],
    ['a NUL at the start of a record', 'a\n\0\n', ['nul@2:1']],
    ['nothing', '', ['empty@-:-']],
    ['a BOM and nothing', '\ufeff', ['empty@-:-']],
    ['only blank lines', '\n\r\n\n', ['empty@-:-']],
    ['only a header', 'a,b\n', ['no-records@-:-']],
    ['only a header, no line end', 'a,b', ['no-records@-:-']],
    ['only a header and blank lines', 'a,b\n\n\n', ['no-records@-:-']],
    ['an unnamed column', 'a,,c\n1,2,3\n', ['unnamed-header@1:2']],
    ['an unnamed last column', 'a,b,\n1,2,3\n', ['unnamed-header@1:3']],
    ['a column named by spaces', 'a,"  "\n1,2\n', ['unnamed-header@1:2']],
    ['a repeated column', 'a,b,a\n1,2,3\n', ['repeated-header@1:3']],
    ['a column repeated in quotes and with a space', 'a,b,"a "\n1,2,3\n', ['repeated-header@1:3']],
    ['a header after a BOM', '\ufeffa,a\n1,2\n', ['repeated-header@1:2']],
    ['lines that end with a CR only', 'a,b\r1,2\r3,4\r', ['lone-cr@1:-']],
    ['a lone CR among LFs', 'a,b\n1,2\r3,4\n', ['lone-cr@2:-']],
    ['a lone CR at the end', 'a,b\r\n1,2\r', ['lone-cr@2:-']],
    ['CR CR LF', 'a,b\n1,2\r\r\n3,4\n', ['cr-cr-lf@2:-']],
    ['semicolons', 'a;b\n1;2\n', ['delimiter@1:-']],
    ['tabs', 'a\tb\n1\t2\n', ['delimiter@1:-']],
  ])('reports %s', (_, content, expected) => {
    expect(found(content)).toEqual(expected);
  });

  it('names both columns of a repeated name', () => {
    expect(checkText('x,a,b,a\n1,2,3,4\n').findings[0]?.message).toContain('columns 2 and 4');
  });

  it('warns of lone CRs when they are the only line ends; otherwise they are an error', () => {
    const alone = checkText('a,b\r1,2\r3,4');
    expect([alone.records, alone.findings[0]?.severity]).toEqual([2, 'warning']);
    expect(checkText('a,b\r1,2\n').findings[0]?.severity).toBe('error');
  });

  it('only warns of another delimiter in the header alone', () => {
    expect(checkText('a;b\n1\n').findings.map((f) => f.severity)).toEqual(['warning']);
    expect(found('a;b,c\n1,2\n')).toEqual([]);
  });

  it('names the first and last of several blank lines', () => {
    expect(checkText('a\n1\n\n\n\n2\n').findings[0]?.message).toBe('3 blank lines, up to line 5');
  });

  it('escapes control characters of a header', () => {
    const { findings } = checkText('\u001b[31mx,\u001b[31mx\n1,2\n');
    expect(findings[0]?.message).toContain('\\u001b[31mx');
  });

  it('keeps ten findings, the cause among them, and counts all', () => {
    const got = checkText(`a,b\n${'x\n1,2\n'.repeat(50)}1,"open`);
    expect(got.total).toBe(51);
    expect(got.findings).toHaveLength(10);
    expect(got.found.slice(0, 3)).toEqual(['open-quote@102:2', 'ragged@2:-', 'ragged@4:-']);
  });

  it('gives a hint for every finding', () => {
    for (const text of ['', 'a', 'a,a\n\n1"\n"', 'a,\n\0\r1', 'a;b\n1\n']) {
      for (const finding of checkText(text).findings) expect(finding.hint.length).toBeGreaterThan(10);
    }
  });
});

describe('CsvScanner, for correct files,', () => {
  it.each([
    ['blank lines at the end', 'a,b\n1,2\n\n\r\n\n', 1],
    ['a BOM', '\ufeffa,b\n1,2\n', 1],
    ['a BOM before quotes', '\ufeff"a","b"\n1,2\n', 1],
    ['no line end at the end', 'a,b\n1,2\n3,4', 2],
    ['a closing quote at the very end', 'a,b\n1,"2"', 1],
    ['an empty quoted field alone', 'a\n""\n""', 2],
    ['an empty last field', 'a,b\n1,\n2,3\n', 2],
    ['quotes, commas and line breaks in quotes', 'a,b\r\n"1, ""x""","2\r\n\r\n3"\r\n', 1],
    ['a lone CR in quotes', 'a,b\n1,"2\r3"\n', 1],
    ['LF and CRLF mixed', 'a,b\r\n1,2\n3,4\r\n', 2],
    ['a header of several lines', '"a\nb",c\n1,2\n', 1],
    ['an EF byte that does not begin a BOM', 'ｆ,b\n1,2\n', 1],
    ['two quotes in a value only', 'a\n""""\n""""""\n', 2],
  ])('accepts %s', (_, content, records) => {
    expect(found(content)).toEqual([]);
    expect(checkText(content).records).toBe(records);
  });
});

it('keeps a header that begins almost like a BOM', () => {
  for (const size of [1, 2, 3, 9]) {
    // Their UTF-8 begins with the first one or two bytes of a BOM.
    for (const name of ['\uff46', '\ufec0'])
      expect(checkText(`${name},b\n1,2\n`, [size]).header).toEqual([name, 'b']);
    expect(checkText('\ufeffa,b\n1,2\n', [size]).header).toEqual(['a', 'b']);
  }
});

it('gives up on an endless header', () => {
  const got = checkText(`${'x,'.repeat(700_000)}y\n`, [65_536]);
  expect(got.found).toContain('long-header@1:-');
  expect(got.header).toEqual([]);
});

describe('one cause is one finding:', () => {
  const many = (row: string) => `a,b\n${row.repeat(40)}`;
  const message = (content: string) => checkText(content).findings[0]?.message;

  it('a fault of most records, with its count', () => {
    expect(found(many('1,2,3\n'))).toEqual(['ragged@2:-']);
    expect(message(many('1,2,3\n'))).toContain('the same 40 times in 40 records');
    expect(found(many('5" x,6\n'))).toEqual(['bad-quote@2:1']);
    // Not when it is a minority, or when all are shown.
    expect(found(many('1,2,3\n1,2\n1,2\n'))).toHaveLength(10);
    expect(found('a,b\n1\n2\n3\n')).toHaveLength(3);
  });

  it('which no other fault crowds out', () => {
    const got = checkText(`a,b\n${'1\n1,2\n'.repeat(40)}5" x,6\n\n1,2\n`);
    expect(got.found.slice(-2)).toEqual(['bad-quote@82:1', 'blank-line@83:-']);
    expect(got.total).toBe(42);
  });

  it.each([
    ['lines that end with CR CR LF', 'a,b\r\r\n1,2\r\r\n3,4\r\r\n', ['cr-cr-lf@1:-'], 2],
    ['one line that ends with CR CR LF', 'a,b\r\n1,2\r\r\n3,4\r\n', ['cr-cr-lf@2:-'], 2],
    ['Ctrl-Z as the last line', 'a,b\r\n1,2\r\n\u001a', ['ctrl-z@3:-'], 2],
    ['Ctrl-Z as the last line, with a line end', 'a,b\n1,2\n\u001a\r\n', ['ctrl-z@3:-'], 2],
    ['Ctrl-Z as the last line of one column', 'a\nx\n\u001a', ['ctrl-z@3:-'], 2],
    ['Ctrl-Z after the last value', 'a,b\n1,2\n3,4\u001a', ['ctrl-z@3:-'], 2],
    ['spaces as the last line', 'a,b\n1,2\n  \t', ['blank-line@3:-'], 2],
    ['no-break spaces as the last line', 'a,b\n1,2\n\u00a0\n', ['blank-line@3:-'], 2],
    ['spaces in the last lines', 'a,b\n1,2\n \n  \n', ['blank-line@3:-'], 3],
    ['spaces in a line in the middle', 'a,b\n1,2\n \n3,4\n', ['blank-line@3:-'], 3],
    ['a formula with commas', 'a,b\n1,2\n1,=SUM(A1,B1)\n', ['formula@3:-'], 2],
    ['a formula with quotes', 'a,b\n1,=HYPERLINK("http://x","y")\n', ['formula@2:2'], 1],
    ['a formula in quotes that its comma divides', 'a,b\n="0,1",2\n', ['formula@2:1'], 1],
  ])('%s', (_, content, codes, records) => {
    expect(found(content)).toEqual(codes);
    expect(checkText(content).records).toBe(records);
    expect(checkText(content).findings[0]?.severity).toBe('error');
  });

  it.each([
    ['a Ctrl-Z in a value', 'a,b\n1,x\u001ay\n2,\u001a\n3,4\n'],
    ['formulas without commas and quotes', 'a,b\n=A1+B1,=SUM(A1:B1)\n'],
    ['formulas in quotes', 'a,b\n"=SUM(A1,B1)","=HYPERLINK(""x"",""y"")"\n'],
    ['a value of spaces in one column', 'a\nx\n  \n'],
    ['spaces in every field', 'a,b\n1,2\n , \n'],
    ['CR CR LF in quotes', 'a,b\n1,"x\r\r\ny"\n'],
  ])('but not %s', (_, content) => {
    expect(found(content)).toEqual([]);
  });

  it('nor a ragged record with such a formula in quotes', () => {
    expect(found('a,b\n1,2,"=SUM(A1,B1)"\n')).toEqual(['ragged@2:-']);
  });
});
