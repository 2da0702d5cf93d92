import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BatchView } from '../../src/batch/types.ts';
import { type DocumentInput, derivedFields, toJson } from '../../src/output/json.ts';
import { cleanStrings, safeJson } from '../../src/output/json-text.ts';
import { Redactor } from '../../src/redact/redactor.ts';
import { anyBatch, anyText } from './arbitrary.ts';
import { batch } from './samples.ts';

const SIGNED = 'https://s3.example/in/a.csv?X-Amz-Signature=abcdef0123&X-Amz-Date=1';
const input = (parts: Partial<DocumentInput> = {}): DocumentInput => ({
  command: 'watch',
  profile: 'prod',
  job: 'AUG_2020',
  outcome: 'partial',
  exitCode: 3,
  batches: [],
  error: { code: 'PARTIAL', message: 'm', hint: 'h' },
  ...parts,
});
const options = { redactor: new Redactor(), showUrls: false };
const keep = { redactor: { hide: (text: string) => text }, showUrls: false };

describe('toJson', () => {
  it('has the contract’s keys in the contract’s order', () => {
    const doc = JSON.parse(toJson(input({ batches: [batch({ children: [batch()] })] }), options));
    expect(Object.keys(doc)).toEqual([
      'command',
      'profile',
      'job',
      'outcome',
      'exitCode',
      'batches',
      'error',
    ]);
    const keys = [
      'id',
      'jobId',
      'kind',
      'file',
      'status',
      'phase',
      'outcome',
      'operation',
      'subOperation',
      'recordsSent',
      'successCount',
      'failCount',
      'successMessage',
      'errorMessage',
      'corrects',
      'open',
      'resultExpiresAt',
      'children',
    ];
    expect(Object.keys(doc.batches[0])).toEqual(keys);
    expect(Object.keys(doc.batches[0].children[0])).toEqual(keys);
    expect(Object.keys(doc.error)).toEqual(['code', 'message', 'hint']);
  });

  it('is a whitelist: other fields of an object are not written', () => {
    const sly = { ...batch(), password: 'hunter22' };
    const error = Object.assign(new Error('m'), { code: 'AUTH', hint: 'h', config: 'hunter22' });
    expect(toJson(input({ batches: [sly], error }), options)).not.toContain('hunter22');
  });

  it('shows URLs only where the batch has them, and whole only with --show-urls', () => {
    const batches = [batch({ uploadUrl: SIGNED, downloadUrl: null })];
    const hidden = JSON.parse(toJson(input({ batches }), options)).batches[0];
    expect(hidden.uploadUrl).toBe('https://s3.example/in/a.csv?X-Amz-Signature=***&X-Amz-Date=1');
    expect(hidden.downloadUrl).toBeNull();
    const shown = JSON.parse(toJson(input({ batches }), { ...options, showUrls: true })).batches[0];
    expect(shown.uploadUrl).toBe(SIGNED);
    expect(JSON.parse(toJson(input({ batches: [batch()] }), options)).batches[0]).not.toHaveProperty(
      'uploadUrl',
    );
  });

  it('hides known secrets in every string, with --show-urls too, and stays JSON', () => {
    const redactor = new Redactor();
    redactor.add('a"b\\c\u001b');
    const text = toJson(
      input({
        error: { code: 'AUTH', message: 'no a"b\\c\u001b', hint: 'a"b\\c\u001b' },
        batches: [batch({ errorMessage: 'saw a"b\\c\u001b' })],
        extra: { deep: [{ body: 'x a"b\\c\u001b y' }] },
      }),
      { redactor, showUrls: true },
    );
    const doc = JSON.parse(text);
    expect([
      doc.error.message,
      doc.error.hint,
      doc.batches[0].errorMessage,
      doc.extra,
      doc.deep[0].body,
    ]).toEqual(['no ***', '***', 'saw ***', undefined, 'x *** y']);
  });

  it('has error null exactly when the exit code is 0', () => {
    expect(JSON.parse(toJson(input({ exitCode: 0 }), options)).error).toBeNull();
    expect(JSON.parse(toJson(input({ exitCode: 1, error: null }), options)).error.code).toBe('INTERNAL');
  });

  it('adds keys of a command, which never replace those of the contract', () => {
    const doc = JSON.parse(
      toJson(
        input({
          requests: [{ method: 'POST', url: 'https://h/batch', body: null }],
          files: [
            {
              path: '/home/me/inv.csv',
              file: 'inv.csv',
              kind: 'invoice',
              records: 2,
              bytes: 10,
              sha256: 'ab',
              md5: 'cd',
              crc32: 0,
              amount: null,
              header: ['h'],
              warnings: [],
              findingsTotal: 1,
              findings: [
                { severity: 'error', code: 'ragged', line: 2, column: null, message: 'm', hint: 'h' },
              ],
            },
          ],
          loads: [
            {
              job: 'J',
              profile: null,
              baseUrl: 'http://h',
              organisation: null,
              startedAt: '2020-08-31T22:00:00Z',
              updatedAt: null,
              outcome: null,
              state: 'open',
            },
          ],
          results: [{ jobId: 'J', path: 'r.csv', rows: 1, rejects: null }],
          extra: { exitCode: 0, created: 'x' },
        }),
        options,
      ),
    );
    expect(doc).toMatchObject({
      exitCode: 3,
      created: 'x',
      results: [{ rejects: null }],
      loads: [{ job: 'J' }],
    });
    expect(doc.requests[0].url).not.toContain('abcdef');
    expect(Object.keys(doc.files[0])).toEqual(['file', 'kind', 'records', 'bytes', 'sha256', 'findings']);
    expect(Object.keys(doc.files[0].findings[0])).toEqual([
      'severity',
      'code',
      'line',
      'column',
      'message',
      'hint',
    ]);
  });

  it('writes control and bidi characters as \\uXXXX', () => {
    const text = safeJson({ a: '\u001b[2J\n\t\u007f\u009b\u202e\\n"' });
    expect(text).toBe('{"a":"\\u001b[2J\\u000a\\u0009\\u007f\\u009b\\u202e\\\\n\\""}');
  });

  it('parses back to the same value for any text, without raw control or bidi characters', () => {
    fc.assert(
      fc.property(
        fc.dictionary(anyText, fc.oneof(anyText, fc.jsonValue())),
        fc.constantFrom(0, 2),
        (value, indent) => {
          const text = safeJson(value, indent);
          expect(text).not.toMatch(
            /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/,
          );
          expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
          expect(cleanStrings(value, (same) => same)).toEqual(value);
        },
      ),
    );
  });

  it('keeps every batch as it is, with all its children', () => {
    fc.assert(
      fc.property(fc.array(anyBatch(2), { maxLength: 3 }), (batches) => {
        const withNet = (batch: BatchView): object => ({
          ...batch,
          ...derivedFields(batch),
          children: batch.children.map(withNet),
        });
        expect(JSON.parse(toJson(input({ batches }), keep)).batches).toEqual(batches.map(withNet));
      }),
    );
  });
});
