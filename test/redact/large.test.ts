import { describe, expect, test } from 'vitest';
import { Redactor } from '../../src/redact/redactor.ts';
import { redactShapes } from '../../src/redact/shapes.ts';

/** As large as a response may be (api rule 9). */
const LARGE = 9_500_000;

describe('a response of 9.5 MB', () => {
  test.each([
    ['?', 'token%3D'],
    ['?', '"token":"a'],
    ['token=', '%5c'],
    ['"token":"', 'a'],
    ['X-Amz-Signature=', 'a'],
    ['eyJ', 'a'],
    ['bearer ', 'a'],
    ['signature ', 'a'],
    ['<token>', 'a'],
    ['Authorization: ', 'a'],
  ])('of %s and %s without end is redacted without a stack overflow', (start, unit) => {
    expect(redactShapes(start + unit.repeat(LARGE / unit.length)).length).toBeGreaterThan(0);
  });

  test('in one parameter hides all of it, up to what follows', () => {
    const text = `?token%3D${'token%3D'.repeat(LARGE / 8)}%26next=1&token=${'a'.repeat(1000)}&b=2`;
    expect(redactShapes(text)).toBe('?token%3D***%26next=1&token=***&b=2');
  });

  test('may be full of signatures', () => {
    const redactor = new Redactor();
    redactor.addSigned(`?X-Amz-Signature=${'z'.repeat(LARGE)}`);
    redactor.addSigned(`?X-Amz-Signature=${'ab'.repeat(32)}`);
    expect(redactor.clean(`${'ab'.repeat(32)} ${'abc'.repeat(LARGE / 3)}`)).toMatch(/^\*\*\* abc/);
  });
});

describe('a secret of 32 kB', () => {
  const token = Array.from(
    { length: 32_000 },
    (_, i) => 'abcdefghijklmnopqrstuvwxyz0123456789+/'[(i * i * 7 + (i >> 3)) % 38],
  ).join('');
  const redactor = new Redactor();
  redactor.add(token);

  test.each([
    ['as it is', token],
    ['in a URL', encodeURIComponent(token)],
    ['in mixed forms', token.replace('+', '%2b').replace('/', '&#47;')],
    ['in base64', Buffer.from(token).toString('base64')],
    ['cut off', token.slice(0, 20_000)],
  ])('is hidden %s', (_form, text) => {
    for (const shown of [redactor.clean(`a ${text} b`), redactor.sweep(`a ${text} b`)])
      expect(shown).toMatch(/^a \*\*\*=* b$/);
  });

  test('is hidden with blanks and quotes in it', () => {
    const password = `${token.slice(0, 2000)} "x" <y> ${token.slice(3000)}`;
    const other = new Redactor();
    other.add(password);
    expect(other.clean(`a ${password} b ${JSON.stringify(password)} c`)).toBe('a *** b "***" c');
  });
});
