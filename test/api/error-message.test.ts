import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as messages from '../../src/api/error-message.ts';
import type { Redacted } from '../../src/redact/redactor.ts';
import { CODE_POINT } from '../helpers/unicode.ts';

/** These bodies have no secrets. */
const errorMessageFrom = (body: string) => messages.errorMessageFrom(body as Redacted);
const pageText = (body: string) => messages.pageText(body as Redacted);
const responseText = (status: number, body: string) => messages.responseText(status, body as Redacted);
const s3Error = (body: string) => messages.s3Error(body as Redacted);

const RAW = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/u;

describe('the message from an error body', () => {
  test.each([
    ['', ''],
    ['  \n ', ''],
    // XML
    ['<error><code>400</code><message>jobId is taken</message></error>', 'jobId is taken'],
    ['<?xml version="1.0"?>\n<error>\n<message>\n jobId\n is  taken </message>\n</error>', 'jobId is taken'],
    ['<errors><error><errorMessage>No such batch</errorMessage></error></errors>', 'No such batch'],
    ['<error><error_message>A &amp; B &lt;C&gt;</error_message></error>', 'A & B <C>'],
    ['<s:Envelope><s:Body><Fault><faultstring>Denied</faultstring></Fault></s:Body></s:Envelope>', 'Denied'],
    ['<error>Just words</error>', 'Just words'],
    ['<error><message>The period is closed.</message></error>', 'The period is closed'],
    ['<error><message>Please wait...</message></error>', 'Please wait...'],
    ['<error><code>E1</code><text>Odd shape</text></error>', 'E1 Odd shape'],
    ['<Error><Code>SlowDown</Code><Message>Please wait</Message></Error>', 'Please wait'],
    ['<message><![CDATA[a <b> c]]></message>', 'a <b> c'],
    [
      '<batchProcess><id></id><status>Failed</status><errorMessage>Locked</errorMessage></batchProcess>',
      'Locked',
    ],
    // JSON
    ['{"message":"Locked"}', 'Locked'],
    ['{"error":{"code":7,"message":"Locked"}}', 'Locked'],
    ['{"error":true,"detail":"Locked"}', 'Locked'],
    ['{"status":500,"errors":[{"description":"Locked"}]}', 'Locked'],
    ['{"error_description":"Bad\\ntoken"}', 'Bad token'],
    ['"Locked"', 'Locked'],
    ['[{"message":"One"},{"message":"Two"}]', 'One'],
    ['{"code":7}', '{"code":7}'],
    ['{"broken":', '{"broken":'],
    // HTML
    [
      '<!DOCTYPE html><html><head><title>Sign in</title></head><body>Who are you?</body></html>',
      'an HTML page: Who are you?',
    ],
    ['<html><head><title>\n 502 Bad\n Gateway </title></head></html>', 'an HTML page: 502 Bad Gateway'],
    ['<HTML><BODY><H1>Proxy error</H1><p>x</p></BODY></HTML>', 'an HTML page: Proxy error x'],
    ['<html><title>A &amp; B &lt;C&gt;</title></html>', 'an HTML page: A & B <C>'],
    ['<html><body><p>Access<br>denied</p></body></html>', 'an HTML page: Access denied'],
    [
      '<html><head><script>var a = "<b>";</script><style>p{}</style></head><body>Denied</body></html>',
      'an HTML page: Denied',
    ],
    ['<meta charset=utf-8><title>Signed out</title>', 'an HTML page: Signed out'],
    ['<script>location="/login"</script>', 'an HTML page without text'],
    ['<div class="login">Sign in</div>', 'an HTML page: Sign in'],
    // Text
    ['Service Unavailable\r\n', 'Service Unavailable'],
    ['value < 5 and > 3', 'value < 5 and > 3'],
    [
      'upstream connect error or disconnect/reset before headers',
      'upstream connect error or disconnect/reset before headers',
    ],
  ])('%j → %j', (body, sentence) => {
    expect(errorMessageFrom(body)).toBe(sentence);
  });

  test('is short for a hostile document too', () => {
    for (const body of [
      '<!DOCTYPE a [<!ENTITY x "boom">]><a>&x;</a>',
      '<a>'.repeat(50_000),
      '<'.repeat(1_000_000),
      '['.repeat(1_000_000),
      '<title'.repeat(200_000),
      `<error><message>${'x'.repeat(1_000_000)}</message></error>`,
      '{"a":'.repeat(100_000),
    ])
      expect(errorMessageFrom(body).length).toBeLessThanOrEqual(300);
  });
});

test('a page is named by its title, and by its text only without one', () => {
  expect(pageText('<!doctype html><title>Sign in</title><body>User</body>')).toBe('an HTML page: Sign in');
  expect(pageText('<html><body>Down for maintenance</body></html>')).toBe(
    'an HTML page: Down for maintenance',
  );
  expect(
    pageText('<html><title>HTTP Status 400</title><p><b>Message</b> Period 08&#47;2020 is closed</p></html>'),
  ).toBe('an HTML page: Period 08/2020 is closed');
});

test.each([
  [
    502,
    '<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1><hr>nginx</body></html>',
    'HTTP 502 an HTML page: Bad Gateway nginx',
  ],
  [
    400,
    '<!doctype html><html><head><title>HTTP Status 400 – Bad Request</title></head><body><h1>HTTP Status 400 – Bad Request</h1><hr class="line" /><p><b>Type</b> Status Report</p><p><b>Message</b> Period 08&#47;2020 is closed</p><p><b>Description</b> The server cannot</p></body></html>',
    'HTTP 400 an HTML page: Period 08/2020 is closed',
  ],
  [503, '503 Service Unavailable', 'HTTP 503 Service Unavailable'],
  [503, '5030 is not the status', 'HTTP 503 5030 is not the status'],
  [500, '', 'HTTP 500'],
])('a response of %i says what its body says beyond its status', (status, body, text) => {
  expect(responseText(status, body)).toBe(text);
});

describe('control characters in an error body', () => {
  const bad = ['\u001b[31m', '\u0007', '\u0000', '\u009b', '\u202e', '\u2066', '\u2028', '\u007f'];

  test.each(bad)('are escaped wherever they are: %j', (char) => {
    for (const body of [
      `a${char}b`,
      `<error><message>a${char}b</message></error>`,
      JSON.stringify({ message: `a${char}b` }),
      `{"message":"a${char}b"}`,
      `<html><title>a${char}b</title></html>`,
      `<html><title>a&#${char.codePointAt(0)};b</title></html>`,
      `<error><message>a&#${char.codePointAt(0)};b</message></error>`,
    ])
      expect(errorMessageFrom(body)).not.toMatch(RAW);
  });

  test('are all that is escaped', () => {
    expect(errorMessageFrom('Août 日本 😀 e\u0301')).toBe('Août 日本 😀 e\u0301');
  });

  test('leave any body one line of at most 300 whole characters', () => {
    const piece = fc.oneof(
      fc.string({ unit: CODE_POINT }),
      fc.constantFrom(
        '<message>',
        '</message>',
        '<',
        '>',
        '{"message":"',
        '"}',
        '<html>',
        '<title>',
        '&#27;',
        ...bad,
      ),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), fc.nat(400), (pieces, pad) => {
        const message = errorMessageFrom('y'.repeat(pad) + pieces.join(''));
        expect(message).not.toMatch(RAW);
        expect(message.length).toBeLessThanOrEqual(300);
        expect(message).not.toMatch(/\p{Cs}/u);
        expect(message).toBe(message.trim());
      }),
      { numRuns: 200 },
    );
  });

  test('and other characters are not split when a text is shortened', () => {
    for (let pad = 290; pad < 302; pad += 1) {
      const message = errorMessageFrom('y'.repeat(pad) + '😀'.repeat(20));
      expect(message.length).toBeLessThanOrEqual(300);
      expect(message.endsWith('…')).toBe(true);
      expect(message).not.toMatch(/\p{Cs}/u);
      const escaped = errorMessageFrom('y'.repeat(pad) + '\u001b'.repeat(20));
      expect(escaped).toMatch(/^y+(?:\\u001b)*…$/);
    }
  });
});

describe('an S3 error', () => {
  test('has only the code and message of the document', () => {
    const body =
      '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>SignatureDoesNotMatch</Code><Message>The request signature we calculated does not match</Message><AWSAccessKeyId>AKIA</AWSAccessKeyId><StringToSign>AWS4</StringToSign><SignatureProvided>abc</SignatureProvided></Error>';
    expect(s3Error(body)).toEqual({
      code: 'SignatureDoesNotMatch',
      message: 'The request signature we calculated does not match',
    });
  });

  test.each([
    '',
    'Service Unavailable',
    '<html><title>x</title></html>',
    '<error><code>1</code></error>',
    '<Error></Error>',
    '<Error><Message>x</Message></Error>',
    '<Error><Code>SlowDown</Code><Message>cut off',
    '{"Code":"SlowDown"}',
  ])('is not found in %j', (body) => {
    expect(s3Error(body)).toBeNull();
  });

  test('is escaped and shortened', () => {
    const error = s3Error(
      `<Error><Code>A\u001b[31m</Code><Message>\na\n b&#27;c ${'x'.repeat(9999)}</Message></Error>`,
    );
    expect(error?.code).toBe('A\\u001b[31m');
    expect(error?.message).toMatch(/^a b\\u001bc x+…$/);
    expect(error?.message.length).toBeLessThanOrEqual(300);
  });

  test('may have no message', () => {
    expect(s3Error('<Error><Code>SlowDown</Code></Error>')).toEqual({ code: 'SlowDown', message: '' });
  });
});
