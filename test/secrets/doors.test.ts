import { describe, expect, it } from 'vitest';
import { type Reply, statusAttempt } from '../../src/api/result.ts';
import { Redactor } from '../../src/redact/redactor.ts';

// Text from outside loses what has the shape of a secret where it comes in (commands rule 4).
const SECRET = 'eyJhbGciOiJIUzI1.eyJzdWIiOiJv.c2lnbmF0dXJl';

/** What a question for the status of AUG_CUS comes to. */
function said(body: string): string {
  const reply: Reply = {
    status: 200,
    contentType: 'application/xml',
    body,
    safe: new Redactor().clean(body),
    retryAfterMs: null,
  };
  const attempt = statusAttempt(
    reply,
    'Getting the status',
    { id: null, jobId: 'AUG_CUS' },
    () => false,
    () => 1,
  );
  try {
    ('done' in attempt ? attempt.done : attempt.retry)();
    return '';
  } catch (error) {
    return String(error);
  }
}

describe('what a server says in a place of its own', () => {
  it.each([
    ['another job id', `<batchProcess><id>1</id><jobId>${SECRET}</jobId></batchProcess>`, 'answered about'],
    ['a tag that is never closed', `<batchProcess><${SECRET}>1</id></batchProcess>`, 'cannot be read'],
  ])('is shown without what has the shape of a secret: %s', (_what, body, words) => {
    const text = said(body);
    expect(text).toContain(words);
    expect(text).not.toContain(SECRET);
  });
});
