import fc from 'fast-check';
import { expect, it } from 'vitest';
import { redactShapes } from '../../src/redact/shapes.ts';

/** What each rule looks for before it is tried at all, and nothing that it would hide. */
const MARKS =
  '= | %3d | akia | asia | authorization | basic | bearer | negotiate | :// | -----begin | eyj | pass | pwd | secret | token | key | signature | credential | session | cookie |\n';

const PIECES = [
  'Authorization: Basic dXNlcjpwYXNz',
  'AUTHORIZATION=token abcdefgh',
  'proxy-authorization>Bearer x',
  'Bearer abcdefghij',
  'NEGOTIATE abcdefghij',
  'https://user:word@host/',
  'X-Amz-Signature=abc&',
  'x-amz-credential%3DAKIA%26',
  '?sig=abc',
  'Signature=Zm9v',
  'AWSAccessKeyId=AK&',
  'AKIAIOSFODNN7EXAMPLE',
  'eyJhbGciOiJI.eyJzdWIi.sig',
  '-----BEGIN RSA PRIVATE KEY-----abc-----END RSA PRIVATE KEY-----',
  '<Token>abc</Token>',
  '&LT;ns:PASSWORD&gt;abc&lt;',
  '"client_secret": "abc"',
  "{'pwd':'abc'}",
  '&session_id=abc',
  'api-key: abc',
  'Set-Cookie: a=b',
  'the signature 0123456789abcdef0123456789abcdef does not match',
  'credentials=abc',
  'passphrase=abc',
  'SignatureProvided>abc<',
  '<SignatureProvided>abc<',
  ' ',
  '\n',
  '"',
  'K\u0130\u017f',
  'error: unknown option',
];

it('a text that contains the marks of all rules hides the same', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...PIECES), { maxLength: 5 }), (pieces) => {
      const text = pieces.join('');
      expect(redactShapes(MARKS)).toBe(MARKS);
      expect(redactShapes(`${MARKS}${text}`)).toBe(`${MARKS}${redactShapes(text)}`);
    }),
    { numRuns: 3000 },
  );
});

it('each example hides something', () => {
  for (const piece of PIECES.slice(0, 24)) expect(redactShapes(`\n${piece}`)).toContain('***');
});
