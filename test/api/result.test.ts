import { describe, expect, test } from 'vitest';
import { refusal, unavailable } from '../../src/api/result.ts';
import { EbillError } from '../../src/errors.ts';

describe('the error of a call', () => {
  test.each<[number | null, string, number]>([
    [null, 'UNAVAILABLE', 6],
    [401, 'AUTH', 5],
    [403, 'AUTH', 5],
    [400, 'REJECTED', 9],
    [404, 'REJECTED', 9],
    [409, 'REJECTED', 9],
    [307, 'REJECTED', 9],
    [200, 'REJECTED', 9],
  ])('refused with %s is %s (%i)', (status, code, exitCode) => {
    const error = refusal('Creating AUG_2020_CUS', status, 'because');
    expect(error).toBeInstanceOf(EbillError);
    expect(error).toMatchObject({ code, exitCode });
    expect(error.message).toContain('Creating AUG_2020_CUS');
    expect(error.message).toContain('because');
    expect(error.hint).not.toBe('');
  });

  test('has no dangling colon without a message', () => {
    expect(refusal('Asking', 404, '').message).toBe('Asking: the server refused it (HTTP 404).');
  });

  test('without a response is UNAVAILABLE', () => {
    expect(unavailable('Asking', 'no response within the timeout')).toMatchObject({
      code: 'UNAVAILABLE',
      exitCode: 6,
    });
  });
});
