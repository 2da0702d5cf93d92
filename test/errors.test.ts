import { describe, expect, test } from 'vitest';
import { EbillError, type ErrorCode, EXIT_CODES, errnoOf, messageOf } from '../src/errors.ts';

// commands rule 26, the table of exit codes, written out a second time: scripts depend on it.
const TABLE: Readonly<Record<ErrorCode, number>> = {
  INTERNAL: 1,
  USAGE: 2,
  INVALID_FILE: 2,
  INVALID_PLAN: 2,
  DECLINED: 2,
  PARTIAL: 3,
  BATCH_FAILED: 4,
  UNACCOUNTED: 4,
  AUTH: 5,
  UNAVAILABLE: 6,
  STILL_RUNNING: 7,
  CONFLICT: 8,
  REJECTED: 9,
  LOCAL: 10,
  INTERRUPTED: 130,
};

describe('an EbillError', () => {
  test('has the exit codes of the contract', () => {
    expect(EXIT_CODES).toEqual(TABLE);
  });

  test.each(Object.entries(TABLE) as [ErrorCode, number][])('%s has exit code %i', (code, exitCode) => {
    const error = new EbillError(code, 'what happened', { hint: 'what to do' });
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      name: 'EbillError',
      code,
      exitCode,
      message: 'what happened',
      hint: 'what to do',
    });
    expect('cause' in error).toBe(false);
  });

  test('keeps its cause, and the exit code of SIGTERM', () => {
    const cause = new Error('below');
    expect(new EbillError('INTERRUPTED', 'x', { hint: 'y', exitCode: 143, cause })).toMatchObject({
      exitCode: 143,
      cause,
    });
  });
});

test('messageOf takes anything thrown', () => {
  expect([new Error('a'), 'b', 7, null, undefined].map(messageOf)).toEqual([
    'a',
    'b',
    '7',
    'null',
    'undefined',
  ]);
});

test('errnoOf returns the system code, if there is one', () => {
  expect(errnoOf(Object.assign(new Error('x'), { code: 'ENOENT' }))).toBe('ENOENT');
  for (const none of [new Error('x'), { code: 7 }, 'ENOENT', null, undefined])
    expect(errnoOf(none)).toBeUndefined();
});
