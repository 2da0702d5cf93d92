import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recordStatus } from '../../src/batch/record-status.ts';

describe('the status of a record in a result file', () => {
  it.each([
    [
      'loaded',
      'Success|SUCCEEDED|ok| Loaded |processed|Successfully imported|Success with warnings|true|Y|1|DONE!',
    ],
    ['loaded', 'Created: CUS-1|Accepted (line 7)|completed_with_warnings|Inserted, 2 fields ignored'],
    ['rejected', 'Failed|ERROR: unknown account|invalid date|Duplicate|skipped|false|n|0|Rejected by rule 7'],
    ['rejected', 'Not loaded|NOT PROCESSED|not found|Failed: not processed|Error - customer was not created'],
    ['unknown', '|S|E|maybe|Unsuccessful|successes|2|Processed with errors|Completed with 3 failures'],
    [
      'unknown',
      'Success: not updated|Failed: already loaded|Duplicate of a loaded record|not rejected|Warning',
    ],
    ['unknown', 'true false|yes, but|Erfolg|成功|In Success'],
  ] as const)('is %s: %s', (result, values) => {
    for (const value of values.split('|')) expect([value, recordStatus(value)]).toEqual([value, result]);
  });

  it('is unknown as 0 or 1 without counts, unless the column says what it affirms', () => {
    for (const value of ['0', '1']) {
      expect(recordStatus(value, {}, 'Status', false)).toBe('unknown');
      expect(recordStatus(value, {}, 'Is Success', false)).toBe(value === '1' ? 'loaded' : 'rejected');
      expect(recordStatus(value, { [value]: 'loaded' }, 'Status', false)).toBe('loaded');
    }
    expect(recordStatus('true', {}, 'Status', false)).toBe('loaded');
  });

  it('is what a user declared, whatever its case and blanks', () => {
    const declared = { 'Processed with errors': 'loaded', E: 'rejected' } as const;
    expect(recordStatus(' processed  WITH errors', declared)).toBe('loaded');
    expect(recordStatus('e', declared)).toBe('rejected');
    expect(recordStatus('E1', declared)).toBe('unknown');
    expect(recordStatus('constructor', {})).toBe('unknown');
  });

  it('never says "loaded" of a text with a word of failure, nor "rejected" of one with a word of success', () => {
    const [good, bad, other] = [
      ['success', 'loaded', 'created', 'ok'],
      ['failed', 'error', 'errors', 'rejected', 'duplicate'],
      ['with', 'record', '7', 'and', 'the'],
    ];
    const text = fc.array(fc.constantFrom(...good, ...bad, ...other), { minLength: 2, maxLength: 6 });
    fc.assert(
      fc.property(text, fc.constantFrom(' ', '_', ': ', '-'), (words, between) => {
        const has = (list: readonly string[]): boolean => words.some((word) => list.includes(word));
        if (has(good) && has(bad)) expect(recordStatus(words.join(between))).toBe('unknown');
      }),
    );
  });
});
