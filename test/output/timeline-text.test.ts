import { expect, it } from 'vitest';
import { momentText } from '../../src/output/timeline-text.ts';

it('calls requests and answers what happened, not by the names of the calls', () => {
  const text = (event: string) =>
    (['asked', 'answered', 'refused', 'ambiguous'] as const).map((outcome) => momentText({ event, outcome }));
  expect(text('create')).toEqual(['creating batch', 'batch created', 'batch refused', 'batch not confirmed']);
  expect(text('put')).toEqual(['sending file', 'file stored', 'file refused', 'file not confirmed']);
  expect(text('finalize')).toEqual([
    'submitting batch',
    'batch submitted',
    'submission refused',
    'submission not confirmed',
  ]);
  expect(text('init')).toEqual(['init sent', 'init done', 'init refused', 'init not confirmed']);
  expect(momentText({ event: 'seen', outcome: null })).toBe('status received');
  expect(momentText({ event: 'left-out', outcome: null })).toBe('left out');
});
