import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { offsetText, relativeTime, timeText } from '../../src/output/format.ts';
import { machine, month, sandbox } from '../e2e/harness.ts';

const NOW = Date.parse('2020-08-31T22:00:00.500Z');
const earlier = (seconds: number): string => new Date(NOW - seconds * 1000).toISOString();

describe('a relative time', () => {
  it.each([
    [0, 'just now'],
    [59, 'just now'],
    [-59, 'just now'],
    [60, '1 minute ago'],
    [3599, '59 minutes ago'],
    [3600, '1 hour ago'],
    [86_399, '23 hours ago'],
    [86_400, '1 day ago'],
    [30 * 86_400, '30 days ago'],
    [40 * 86_400, '2020-07-22'],
    // A clock that is ahead: no "in 5 minutes" about the past.
    [-300, '2020-08-31T22:05:00Z'],
  ])('of %i s is %s', (seconds, text) => {
    expect(relativeTime(earlier(seconds), NOW)).toBe(text);
  });

  it('is shown on terminals; a pipe gets the time itself', () => {
    expect(timeText(earlier(180), NOW, { width: 80 })).toBe('3 minutes ago');
    expect(timeText(earlier(180), NOW, { width: Infinity })).toBe('2020-08-31T21:57:00Z');
    expect(offsetText(earlier(0), earlier(125), { width: 80 })).toBe('+00:02:05');
    expect(offsetText(earlier(0), earlier(400_000), { width: 80 })).toBe('+111:06:40');
    expect(offsetText(earlier(10), earlier(0), { width: 80 })).toBe('2020-08-31T21:59:50Z');
    expect(offsetText(earlier(0), earlier(125), { width: Infinity })).toBe('2020-08-31T22:00:00Z');
  });

  it('never throws, whatever the journal has as a time', () => {
    fc.assert(fc.property(fc.string(), (text) => typeof relativeTime(text, NOW) === 'string'));
    expect(offsetText('x', 'y', { width: 80 })).toBe('x');
  });
});

it('loads prints ISO times in a pipe, in TSV and in JSON', async () => {
  const server = await sandbox();
  const at = machine(server);
  await month(at, { records: 3, itemFiles: 1 });
  await at.call(['init', '--job', 'AUG_2020']);
  const iso = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/;
  expect((await at.call(['loads'])).stdout).toMatch(iso);
  expect((await at.call(['loads', '--format', 'tsv', '--fields', 'updatedAt'])).stdout).toMatch(iso);
  expect(JSON.stringify((await at.call(['loads', '--json'])).json['loads'])).toMatch(iso);
  expect((await at.call(['loads', 'show', 'AUG_2020'])).stdout).toMatch(/^Time[\s\S]*\n\d{4}-\d\d-\d\dT/m);
});
