import { describe, expect, it } from 'vitest';
import { type Noticed, notificationText } from '../../src/output/notification-text.ts';
import { Redactor } from '../../src/redact/redactor.ts';
import { batch } from './samples.ts';

const partial = { phase: 'partial', outcome: 'partial' } as const;
const BATCHES = [
  batch({ kind: 'customer', recordsSent: 1200, successCount: 1200 }),
  batch({ ...partial, recordsSent: 20, successCount: 18, failCount: 2 }),
];
const PARTIAL: Noticed = {
  command: 'watch',
  job: 'AUG_2020',
  outcome: 'partial',
  exitCode: 3,
  batches: BATCHES,
  error: {
    code: 'PARTIAL',
    message: '2 of 20 records were rejected.',
    hint: 'Download the reasons: ebill results --rejects',
  },
};
const text = (noticed: Partial<Noticed>, hide = (value: string) => value) =>
  notificationText({ event: 'end' }, { ...PARTIAL, ...noticed }, hide);

describe('the text of a notification', () => {
  it('is one sentence with verdict, counts, reason and next step', () => {
    expect(text({})).toBe(
      'ebill watch AUG_2020: partial (PARTIAL, exit code 3); 1,200 customers sent, 1,200 loaded, 0 rejected, 0 unaccounted; 20 invoices sent, 18 loaded, 2 rejected, 0 unaccounted; 2 of 20 records were rejected; next: Download the reasons: ebill results --rejects',
    );
    expect(
      text({ outcome: 'succeeded', exitCode: 0, error: null, batches: [], next: 'Next: ebill report' }),
    ).toBe('ebill watch AUG_2020: succeeded; next: ebill report');
    expect(text({ outcome: null, batches: [], exitCode: 0, error: null, job: null })).toBe(
      'ebill watch: succeeded.',
    );
  });

  it('never says that a command succeeded that did not', () => {
    const error = { code: 'UNAVAILABLE', message: 'No answer.', hint: 'Run it again.' } as const;
    for (const outcome of ['succeeded', null] as const)
      expect(text({ outcome, batches: [], exitCode: 6, error })).toBe(
        'ebill watch AUG_2020: not done (UNAVAILABLE, exit code 6); No answer; next: Run it again.',
      );
  });

  it('says what it is about before the end', () => {
    const silent = { event: 'silent', silentSince: '2020-09-01T03:00:00.000Z', silentSeconds: 300 } as const;
    expect(notificationText(silent, { ...PARTIAL, batches: [] }, (value) => value)).toMatch(
      /^ebill watch AUG_2020: still waiting; 2 of 20/,
    );
    expect(
      notificationText(
        { event: 'stopped', stage: 'customers' },
        { ...PARTIAL, batches: [] },
        (value) => value,
      ),
    ).toMatch(/^ebill watch AUG_2020: stopped after customers \(PARTIAL, exit code 3\); 2 of 20/);
  });

  it('notifies no one, makes no link, hides secrets, has no control characters and an end', () => {
    const message =
      'Said <!channel> <@U12> <https://a|b> @all @here x@y.z [a](https://b) \u001b[31m\u202e tok-secret-1';
    const redactor = new Redactor();
    redactor.add('tok-secret-1');
    const said = text(
      {
        job: '@everyone',
        batches: [],
        error: { code: 'PARTIAL', message: `${message}${'x'.repeat(9000)}`, hint: 'h' },
      },
      (value) => redactor.hide(value),
    );
    expect(said).not.toMatch(/<[!@#\w]|(?<!\w)@\w|\]\(|tok-secret|[\u0000-\u001f\u202e]/);
    expect(said).toContain('x@y.z');
    expect(said.length).toBeLessThanOrEqual(2000);
  });
});
