import { describe, expect, it } from 'vitest';
import { resultColumns } from '../../src/files/result-columns.ts';

const find = (
  header: string,
  sent: string | null,
  status: string | null = null,
  message: string | null = null,
) => resultColumns('r.csv', header.split(','), sent?.split(',') ?? null, { status, message });

describe('resultColumns', () => {
  it.each([
    ['A,B,Status,Message', 'A,B', [2, 3, [0, 1]]],
    ['A,B,Record_Status,Error Message', 'A,B', [2, 3, [0, 1]]],
    ['Status,Message,A,B', 'A,B', [0, 1, [2, 3]]],
    // Columns sent with these names remain columns sent.
    ['Status,Message,Status,Message', 'Status,Message', [2, 3, [0, 1]]],
    ['A,Result,B,Reason', 'A,B', [1, 3, [0, 2]]],
    ['A,Status', 'A,B', [1, null, [0, -1]]],
    ['A,Status', 'A', [1, null, [0]]],
    // The most likely name wins.
    ['A,Result,Status,Error,Message', 'A', [2, 4, [0]]],
    ['A,STATUS,message', null, [1, 2, null]],
  ] as const)('finds the columns of %s, sent %s', (header, sent, expected) => {
    const columns = find(header, sent);
    expect([columns.status, columns.message, columns.sent]).toEqual(expected);
  });

  it('takes names and numbers from the options', () => {
    expect(find('A,X,Y', 'A', 'X', 'Y')).toMatchObject({ status: 1, message: 2 });
    expect(find('A,Status,Message,Status', null, '#4', null)).toMatchObject({ status: 3, message: 2 });
    expect(find('X,X,Y', 'X', 'X', 'Y')).toMatchObject({ status: 1, message: 2 });
  });

  it.each([
    ['no added columns', 'A,B', 'A,B', null, '--'],
    ['a missing status', 'A,X,Y', 'A', null, '#2 X, #3 Y'],
    ['a missing message among several', 'A,Status,X', 'A', null, '#2 Status, #3 X'],
    ['two columns of one name', 'A,Status,Status,Message', 'A', null, '#2 Status, #3 Status'],
    ['two likely columns', 'A,Row Status,Record Status,Message', 'A', null, '#2 Row Status'],
    [
      'two columns of one name when the header sent is unknown',
      'Status,A,Status,Message',
      null,
      null,
      '#1 Status, #3 Status',
    ],
    ['a missing message when the header sent is unknown', 'A,Status', null, null, '#1 A, #2 Status'],
    ['an ambiguous column sent', 'B,A,B,Status,Message', 'A,B', null, '#1 B'],
    ['an unknown name', 'A,Status,Message', 'A', 'State', 'no column "State"'],
    ['an unknown number', 'A,Status,Message', 'A', '#9', 'no column "#9"'],
    ['control characters', 'A,X\u001b[2J,Y', 'A', null, 'X\\u001b[2J'],
  ])('rejects %s, listing the columns', (_name, header, sent, status, listed) => {
    expect(() => find(header, sent, status)).toThrow(
      expect.objectContaining({
        code: 'USAGE',
        message: expect.stringContaining(listed === '--' ? 'Its columns' : listed),
        hint: expect.stringContaining('--status-column'),
      }),
    );
  });
});
