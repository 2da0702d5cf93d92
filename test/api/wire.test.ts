import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { downloadFile } from '../../src/api/download.ts';
import { splitUrl } from '../../src/api/net/transport.ts';
import { readBody } from '../../src/api/response-body.ts';
import { putFile } from '../../src/api/storage.ts';
import { jobIdProblem } from '../../src/batch/job-ids.ts';
import { tempDir } from '../helpers/context.ts';
import { runs } from '../helpers/runs.ts';
import { CODE_POINT, GRAPHEME } from '../helpers/unicode.ts';
import { fileOf, hash, IGNORE_PROGRESS, rawServer, rigFor, S3_MARK, sandbox } from './rig.ts';

/** Any printable name: letters of all scripts, marks, astral characters, markup, blanks inside and around. */
const text = fc
  .oneof(
    { weight: 3, arbitrary: fc.string({ unit: GRAPHEME, minLength: 1, maxLength: 20 }) },
    { weight: 1, arbitrary: fc.string({ unit: CODE_POINT, minLength: 1, maxLength: 12 }) },
    {
      weight: 3,
      arbitrary: fc
        .array(
          fc.constantFrom(
            ...'&<>"\' %+#?/\\;=@:!()*~^`|{}[]aÅé日😀',
            'e\u0301',
            '&amp;',
            '&lt;',
            '&#38;',
            ']]>',
            '<!--',
            '%20',
            '\u00a0',
            '\u3000',
            '\u2028',
            '\u200d',
            '007',
            '1e5',
          ),
          { minLength: 1, maxLength: 14 },
        )
        .map((parts) => parts.join('')),
    },
  )
  .filter((each) => jobIdProblem(each) === null);

describe('text survives request → sandbox → response', () => {
  test('as job id and file name', { timeout: 60_000 }, async () => {
    const box = await sandbox();
    const { client } = await rigFor(box.apiUrl);
    const used = new Set<string>();
    await fc.assert(
      fc.asyncProperty(text, text, async (given, file) => {
        const jobId = used.has(given) ? `${given}${used.size}` : given;
        used.add(jobId);
        const inputFilename = `${file.replaceAll('/', '_')}.csv`;
        const made = await client.create({ kind: 'customer', jobId, inputFilename, parent: null });
        if (made.outcome !== 'answered') throw new Error(`${made.outcome}: ${made.message}`);
        expect(made.value.jobId).toBe(jobId);
        const stored = box.snapshot().batches.at(-1);
        expect(stored).toMatchObject({ jobId, inputFilename });
        expect(await client.status({ jobId })).toMatchObject({ id: made.value.id, jobId });
        // A similar job id finds nothing.
        expect(await client.status({ jobId: `${jobId}.` })).toBeNull();
      }),
      { numRuns: runs(15, 60) },
    );
  });

  test('as the name of an object in S3', { timeout: 60_000 }, async () => {
    for (const style of ['bare', 'escaped'] as const) {
      const box = await sandbox({ style });
      const { client, storage } = await rigFor(box.apiUrl);
      let n = 0;
      await fc.assert(
        fc.asyncProperty(text, async (file) => {
          n += 1;
          const inputFilename = `${file.replaceAll('/', '_')}${n}.csv`;
          const made = await client.create({ kind: 'customer', jobId: `J${n}`, inputFilename, parent: null });
          if (made.outcome !== 'answered') throw new Error(made.message);
          const bytes = Buffer.from(`a,b\n${n},${file}\n`);
          const put = await putFile(storage, made.value.uploadUrl ?? '', fileOf(bytes), IGNORE_PROGRESS);
          expect(put).toMatchObject({ outcome: 'stored', verified: true });
          expect(box.snapshot().batches.at(-1)?.sha256).toBe(hash('sha256', bytes));
        }),
        { numRuns: runs(5, 15) },
      );
    }
  });
});

describe('a URL goes out byte for byte', () => {
  const LEGAL = [
    ..."azAZ09-._~!$&'()*+,;=:@/?",
    '%2F',
    '%2f',
    '%20',
    '%25',
    '%C3%A9',
    '//',
    '/../',
    '/./',
    '/%2e%2e/',
    '&a=1',
    '&a=2',
    '&b=',
    '&&',
    '??',
    '=',
    // Illegal, but servers forget to encode them and a request line can carry them.
    '|',
    '^',
    '`',
    '{',
    '}',
    '[',
    ']',
    '"',
    '<',
    '>',
    '\\',
  ];
  const tail = fc.array(fc.constantFrom(...LEGAL), { maxLength: 40 }).map((parts) => parts.join(''));

  test('with any path and query', { timeout: 60_000 }, async () => {
    const server = await rawServer((_request, response) => response.end('ok'));
    const { transport } = await rigFor(server.origin);
    await fc.assert(
      fc.asyncProperty(tail, tail, async (path, query) => {
        const target = `/${path}?X-Amz-Signature=ab&${query}`;
        const answer = await transport.send({ method: 'GET', url: server.origin + target, headers: {} });
        await readBody(answer);
        expect(server.requests.at(-1)?.url).toBe(target);
      }),
      { numRuns: 200 },
    );
  });

  const UNUSUAL = [
    '/a%2Fb/c%2fd/e?x=%2F&x=%2f',
    '/a+b/c%20d?q=a+b%2Bc',
    "/!'()*~;,@:$=?!'()*~;,@:$=",
    '/x?b=2&a=1&b=1&a=2',
    '/x?empty=&alone&=none&&last=',
    '//double//slash//?u=//h//p',
    '/a/../b/./c/%2e%2e/d?p=/../',
    '/%7euser/%7Euser?%41=%61',
    '/caf%C3%A9/caf%c3%a9',
    '/x?X-Amz-Credential=AKIA%2F20210921%2Fus-east-2%2Fs3%2Faws4_request&X-Amz-Signature=ab',
    '?only=query',
  ];

  test.each(UNUSUAL)('when uploading and downloading %s', async (target) => {
    const server = await rawServer(({ method }, response) =>
      response.writeHead(200, S3_MARK).end(method === 'GET' ? 'a\n1\n' : ''),
    );
    const { storage } = await rigFor(server.origin);
    const url = server.origin + target;
    const onWire = target.startsWith('?') ? `/${target}` : target;
    await putFile(storage, url, fileOf(Buffer.from('a\n1\n')), IGNORE_PROGRESS);
    await downloadFile(storage, url, `${tempDir()}/x`, () => undefined);
    expect(server.requests.map((one) => [one.method, one.url])).toEqual([
      ['PUT', onWire],
      ['GET', onWire],
    ]);
  });

  test('except for what a request line cannot carry', () => {
    expect(splitUrl('https://h:8443/a b/é😀?x=%2F y&z=ä')).toEqual({
      origin: 'https://h:8443',
      path: '/a%20b/%C3%A9%F0%9F%98%80?x=%2F%20y&z=%C3%A4',
    });
    expect(splitUrl('https://h').path).toBe('/');
    expect(splitUrl('https://h/x\r\nHost: evil').path).toBe('/x%0D%0AHost:%20evil');
  });

  test('with a bare #, which belongs to a file name', () => {
    expect(splitUrl('https://h/in/a #1.csv?X-Amz-Date=1').path).toBe('/in/a%20%231.csv?X-Amz-Date=1');
  });
});
