import fc from 'fast-check';
import stringWidth from 'string-width';
import { beforeAll, describe, expect, it } from 'vitest';
import { bytes, count, duration, rate, wholeSeconds } from '../../src/output/format.ts';
import { RateMeter } from '../../src/output/progress/waits.ts';
import {
  hangingIndent,
  isSimple,
  textWidth,
  truncateEnd,
  truncateMiddle,
  widthsReady,
  wrap,
  wrapParts,
} from '../../src/output/text-layout.ts';
import { visible } from '../../src/system/escaping.ts';
import { anyText } from './arbitrary.ts';

describe('textWidth', () => {
  it('never returns too little before string-width is loaded', () => {
    for (const text of ['日本', 'ก็', '👨‍👩‍👧', 'ｶﾞ'])
      expect(textWidth(text)).toBeGreaterThanOrEqual(stringWidth(text));
  });

  it('counts as simple only what string-width gives one column, alone and combined', async () => {
    await widthsReady(['日']);
    let all = '';
    for (let code = 0; code < 0x10000; code++)
      if (isSimple(String.fromCharCode(code))) all += String.fromCharCode(code);
    for (const char of all) expect(stringWidth(char), char.charCodeAt(0).toString(16)).toBe(1);
    expect(stringWidth(all)).toBe(all.length);
    expect(textWidth('\u001b[31mab\u001b[39m')).toBe(2);
    expect(textWidth('日本')).toBe(4);
  });
});

describe('fitting text', () => {
  beforeAll(() => widthsReady(['日']));
  it('cuts a grapheme that is wider than a line', () => {
    const wide = `a${'\u0903'.repeat(20)}`;
    expect(wrap(wide, 8).every((line) => stringWidth(line) <= 8)).toBe(true);
    expect(wrap(wide, 8).join('')).toBe(wide);
  });
  it('takes linear time, however long and wide a text is', () => {
    // Measured to its end again for each of its lines, this took minutes.
    const text = '日'.repeat(20_000);
    const lines = wrap(text, 40);
    expect([lines.length, lines[0], lines.join('') === text]).toEqual([1000, '日'.repeat(20), true]);
    const endless = '日'.repeat(5_000_000);
    expect(truncateMiddle(endless, 9)).toBe('日日…日日');
    expect(truncateEnd(endless, 9)).toBe('日日日日…');
    expect(truncateMiddle(endless, Number.POSITIVE_INFINITY)).toBe(endless);
  });
  it('shortens in the middle or at the end', () => {
    expect(truncateMiddle('AUG_2020_ITM_12', 11)).toBe('AUG_2…TM_12');
    expect(truncateMiddle('日本語日本語', 8)).toBe('日本…語');
    expect(truncateEnd('one two three', 8)).toBe('one two…');
    expect([truncateMiddle('abc', 1), truncateMiddle('abc', 0), truncateMiddle('abc', 3)]).toEqual([
      '…',
      '',
      'abc',
    ]);
  });
  it('wraps words, breaks long ones, and indents the following lines', () => {
    expect(wrap('one two three', 8)).toEqual(['one two', 'three']);
    expect(wrap('abcdefghij', 4)).toEqual(['abcd', 'efgh', 'ij']);
    expect(hangingIndent('✖ ', 'one two three', 10)).toBe('✖ one two\n  three');
    // A long lead takes nothing from the lines below it.
    expect(hangingIndent('inv.csv:12 ', 'one two three four', 18, 2)).toBe(
      'inv.csv:12 one two\n  three four',
    );
    expect(hangingIndent('inv.csv:12 ', 'one abcdefghijklmnop two', 18, 2)).toBe(
      'inv.csv:12 one\n  abcdefghijklmnop\n  two',
    );
    expect(hangingIndent('a ', 'one two three', 9, 6)).toBe('a one two\n      thr\n      ee');
  });
  it('keeps a number and its unit on one line, and parts whole', () => {
    expect(wrap('uploaded: 254 kB in 12 s (976 kB/s)', 14)).toEqual([
      'uploaded:',
      '254 kB in 12 s',
      '(976 kB/s)',
    ]);
    expect(wrap('take 5 sheep home', 7)).toEqual(['take 5', 'sheep', 'home']);
    expect(wrapParts(['5 sent', '4 loaded', '1 rejected'], 17)).toEqual(['5 sent, 4 loaded,', '1 rejected']);
    expect(wrapParts(['a part that is too long', 'b'], 12)).toEqual(['a part that', 'is too long,', 'b']);
  });
  it('fits any text into any width, and loses nothing when it wraps', () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 2, max: 60 }), (raw, width) => {
        const text = visible(raw);
        expect(stringWidth(truncateMiddle(text, width))).toBeLessThanOrEqual(width);
        expect(stringWidth(truncateEnd(text, width))).toBeLessThanOrEqual(width);
        const lines = wrap(text, width);
        for (const line of lines) expect(stringWidth(line)).toBeLessThanOrEqual(width);
        expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''));
      }),
    );
  });
});

it('writes numbers for people', () => {
  expect([count(20375), count(0), count(null)]).toEqual(['20,375', '0', '–']);
  expect([0, 999, 1000, 1_400_000, 999_499, 999_950, 99_960, 1_234_567_890].map(bytes)).toEqual([
    '0 B',
    '999 B',
    '1 kB',
    '1.4 MB',
    '999 kB',
    '1 MB',
    '100 kB',
    '1.2 GB',
  ]);
  expect(rate(620_000)).toBe('620 kB/s');
  expect([0, 440, 9940, 9960, 59_600, 125_000, 3_599_700, 3_840_000, 90_000_000].map(duration)).toEqual([
    '0 s',
    '0.4 s',
    '9.9 s',
    '10 s',
    '1 m 00 s',
    '2 m 05 s',
    '1 h 00 m',
    '1 h 04 m',
    '1 d 01 h',
  ]);
  expect([wholeSeconds(-5), wholeSeconds(7600)]).toEqual(['0 s', '8 s']);
});

it('measures the rate of the last seconds', () => {
  const meter = new RateMeter();
  meter.add(0, 0);
  expect(meter.at(400, 100)).toBeNull();
  expect(meter.at(1000, 1000)).toBe(1000);
  for (let at = 250; at <= 10_000; at += 250) meter.add(at, at);
  expect(meter.at(10_000, 10_000)).toBeCloseTo(1000);
  expect(meter.at(20_000, 10_000)).toBeLessThan(1);
  meter.add(20_000, 10);
  expect(meter.at(21_000, 510)).toBe(500);
});

it('breaks no line in the name of a command, or between an option and its value', () => {
  const text =
    "Declare it: --record-status 'Loaded late=loaded' or --record-status X=rejected (ebill profile set keeps it), or see ebill results --rejects of the owner's load. With --next: it is left behind.";
  for (const width of [20, 30, 40, 80, 120]) {
    const lines = wrap(text, width);
    const joined = lines.join('\n');
    for (const whole of [
      "--record-status 'Loaded late=loaded'",
      '--record-status X=rejected',
      'ebill profile set',
      'ebill results --rejects',
    ])
      expect(joined).toContain(whole);
    expect(lines.join(' ')).toBe(text);
    expect(lines.filter((line) => line.length > width && !/^\(?(?:--|ebill)\S* /.test(line))).toEqual([]);
  }
  // One that is too long is left whole: a terminal breaks no line that is copied.
  expect(wrap("--column 'invoice.key=Invoice Number'", 20)).toEqual([
    "--column 'invoice.key=Invoice Number'",
  ]);
});
