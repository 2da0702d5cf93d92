import { describe, expect, it } from 'vitest';
import { isLoaded, resultColumns } from '../../src/files/result-columns.ts';

const find = (
  header: string,
  sent: string | null,
  status: string | null = null,
  message: string | null = null,
) => resultColumns('r.csv', header.split(','), sent?.split(',') ?? null, { status, message });

describe('the columns of a result file', () => {
  it.each([
    ['A,B,Status,Message', 'A,B', [2, 3, [0, 1]]],
    ['A,B,Record_Status,Error Message', 'A,B', [2, 3, [0, 1]]],
    ['Status,Message,A,B', 'A,B', [0, 1, [2, 3]]],
    // A column of one's own by that name stays one's own.
    ['Status,Message,Status,Message', 'Status,Message', [2, 3, [0, 1]]],
    ['A,Result,B,Reason', 'A,B', [1, 3, [0, 2]]],
    ['A,Status', 'A,B', [1, null, [0, -1]]],
    ['A,Status', 'A', [1, null, [0]]],
    // The likeliest name first.
    ['A,Result,Status,Error,Message', 'A', [2, 4, [0]]],
    ['A,STATUS,message', null, [1, 2, null]],
  ] as const)('%s, sent %s', (header, sent, expected) => {
    const columns = find(header, sent);
    expect([columns.status, columns.message, columns.sent]).toEqual(expected);
  });

  it('options name them, by name or number', () => {
    expect(find('A,X,Y', 'A', 'X', 'Y')).toMatchObject({ status: 1, message: 2 });
    expect(find('A,Status,Message,Status', null, '#4', null)).toMatchObject({ status: 3, message: 2 });
    expect(find('X,X,Y', 'X', 'X', 'Y')).toMatchObject({ status: 1, message: 2 });
  });

  it.each([
    ['nothing added', 'A,B', 'A,B', null, '--'],
    ['no status', 'A,X,Y', 'A', null, '#2 X, #3 Y'],
    ['no message among several', 'A,Status,X', 'A', null, '#2 Status, #3 X'],
    ['two of the same', 'A,Status,Status,Message', 'A', null, '#2 Status, #3 Status'],
    ['two likely ones', 'A,Row Status,Record Status,Message', 'A', null, '#2 Row Status'],
    ['the header unknown, two of a name', 'Status,A,Status,Message', null, null, '#1 Status, #3 Status'],
    ['the header unknown, no message', 'A,Status', null, null, '#1 A, #2 Status'],
    ['which were sent is unclear', 'B,A,B,Status,Message', 'A,B', null, '#1 B'],
    ['a name that is not there', 'A,Status,Message', 'A', 'State', 'no column "State"'],
    ['a number that is not there', 'A,Status,Message', 'A', '#9', 'no column "#9"'],
    ['control characters', 'A,X\u001b[2J,Y', 'A', null, 'X\\u001b[2J'],
  ])('%s: an error that lists them', (_name, header, sent, status, listed) => {
    expect(() => find(header, sent, status)).toThrow(
      expect.objectContaining({
        code: 'USAGE',
        message: expect.stringContaining(listed === '--' ? 'Its columns' : listed),
        hint: expect.stringContaining('--status-column'),
      }),
    );
  });

  it('only known words are success', () => {
    for (const word of ['Success', 'SUCCEEDED', 'ok', ' Loaded ', 'processed'])
      expect(isLoaded(word)).toBe(true);
    for (const word of ['', 'Failed', 'Success with errors', 'not ok', '1', 'Unprocessed'])
      expect(isLoaded(word)).toBe(false);
  });
});
