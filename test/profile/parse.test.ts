import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { displayProxy } from '../../src/api/net/proxy.ts';
import { EbillError } from '../../src/errors.ts';
import {
  authText,
  checkSecure,
  checkUsername,
  parseAuthKind,
  parseBaseUrl,
  parseProxy,
} from '../../src/profile/auth.ts';
import { parseHeader, parseQuery, parseStatusName, sameHeader, withPairs } from '../../src/profile/pairs.ts';
import { checkProfileName, isProfileName } from '../../src/profile/profile.ts';
import { runs } from '../helpers/runs.ts';
import { CODE_POINT } from '../helpers/unicode.ts';

const USAGE = expect.objectContaining({ code: 'USAGE', hint: expect.stringMatching(/./) });

/** A parser answers, or throws USAGE with a hint and a message a terminal can show; nothing else, whatever it is given. */
function neverElse(parse: (text: string) => unknown): void {
  const text = fc.oneof(
    fc.string({ unit: CODE_POINT }),
    fc.webUrl({ withQueryParameters: true, withFragments: true }),
    fc.tuple(fc.string(), fc.string()).map(([a, b]) => `${a}=${b}`),
    fc.stringMatching(/^https?:\/\/[a-z0-9@:/.\\?#[\] -]{0,30}$/),
  );
  fc.assert(
    fc.property(text, (given) => {
      try {
        parse(given);
      } catch (error) {
        expect(error).toBeInstanceOf(EbillError);
        expect(error).toEqual(USAGE);
        expect((error as Error).message).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/u);
      }
    }),
    { numRuns: runs(50, 200) },
  );
}

describe('parseBaseUrl', () => {
  it.each([
    'https://ebill.example.com',
    'https://ebill.example.com/',
    'https://ebill.example.com:8443/acme/rest',
    'HTTPS://EBILL.example.com',
    'http://localhost:3000',
    'https://[2001:db8::1]/x',
    'https://host/a@b',
  ])('takes %s as given', (url) => {
    expect(parseBaseUrl(` ${url} `, '--base-url')).toBe(url);
  });

  it.each([
    '',
    'ebill.example.com',
    'ftp://x',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'https:x',
    'https:///x',
    'https://',
    'https://x?format=xml',
    'https://x?',
    'https://x#top',
    'https://x y',
    'https://x\\@evil',
    'https://x\n.evil',
    'https://x:99999',
  ])('refuses %j', (url) => {
    expect(() => parseBaseUrl(url, '--base-url')).toThrow(USAGE);
  });

  it.each([
    'https://user:pw4711@host',
    'https://pw4711@host',
    'https://@host',
    'https://:pw4711@host',
    'https://user:pw/4711@host',
    'https://user:p?w4711@host',
    'https://user:p@w4711@host/x',
    'https://host/?token=pw4711',
    'https://user: pw4711@host',
  ])('refuses %j and does not repeat the secret', (url) => {
    expect(() => parseBaseUrl(url, '--base-url')).toThrow(USAGE);
    expect(() => parseBaseUrl(url, '--base-url')).not.toThrow(/4711/);
  });

  it.each([
    'http://localhost',
    'http://127.0.0.1:8080',
    'http://127.9.8.7',
    'http://127.1',
    'http://[::1]:80',
    'https://x.example',
  ])('and checkSecure accepts %s', (url) => {
    expect(() => checkSecure(url, false, null)).not.toThrow();
  });

  it.each([
    'http://ebill.example.com',
    'http://localhost.evil.com',
    'http://127.0.0.1.evil.com',
    'http://10.0.0.1',
    'http://[::2]',
    'http://0.0.0.0',
  ])('and checkSecure refuses %s unless allowInsecure is set', (url) => {
    expect(() => checkSecure(url, false, 'p')).toThrow(USAGE);
    expect(() => checkSecure(url, true, 'p')).not.toThrow();
  });

  it('returns a URL without userinfo, query or fragment, or throws USAGE', () => {
    neverElse((text) => {
      const { username, password, search, hash, protocol } = new URL(parseBaseUrl(text, 'x'));
      expect([username, password, search, hash]).toEqual(['', '', '', '']);
      expect(['http:', 'https:']).toContain(protocol);
    });
  });
});

describe('parseAuthKind', () => {
  it.each(['basic', 'bearer', 'none', 'header:X-Api-Key', 'header:Authorization'])('takes %s', (text) => {
    expect(authText(parseAuthKind(text, '--auth'))).toBe(text);
  });

  it.each([
    '',
    'digest',
    'header',
    'header:',
    'header:a b',
    'header:X\r\nY',
    'header:Host',
    'header:Content-Length',
    'basic:bob',
    'header:a:b',
  ])('refuses %j', (text) => {
    expect(() => parseAuthKind(text, '--auth')).toThrow(USAGE);
  });

  it('returns or throws USAGE', () => neverElse((text) => parseAuthKind(text, 'x')));

  it('and checkUsername refuses a colon and control characters', () => {
    for (const name of ['', 'a:b', 'a\nb']) expect(() => checkUsername(name, 'x')).toThrow(USAGE);
    expect(checkUsername('jörg@acme', 'x')).toBe('jörg@acme');
  });
});

describe('a K=V option', () => {
  it('is a header, whose reserved names are refused', () => {
    expect(parseHeader('X-Tenant=a=b ')).toEqual(['X-Tenant', 'a=b']);
    expect(parseHeader('X-Tenant=')).toEqual(['X-Tenant', null]);
    for (const bad of ['X-Tenant', '=v', 'X Y=v', 'X-A=a\r\nHost: b', 'X-A=\u{1f511}'])
      expect(() => parseHeader(bad)).toThrow(USAGE);
    for (const name of [
      'Authorization',
      'HOST',
      'content-length',
      'Proxy-Authorization',
      'Transfer-Encoding',
    ]) {
      expect(() => parseHeader(`${name}=s3cret`)).toThrow(USAGE);
      expect(() => parseHeader(`${name}=s3cret`)).not.toThrow(/s3cret/);
    }
  });

  it('is a query parameter, but none of the API', () => {
    expect(parseQuery('format=xml')).toEqual(['format', 'xml']);
    expect(parseQuery('a=b=c&d')).toEqual(['a', 'b=c&d']);
    expect(parseQuery('format=')).toEqual(['format', null]);
    for (const bad of ['format', '=v', 'a\u0000=b', 'mode=BatchInit', 'jobId=x', 'ID=4']) {
      expect(() => parseQuery(bad)).toThrow(USAGE);
    }
  });

  it('is a status name and its phase', () => {
    expect(parseStatusName('In Review=running')).toEqual(['In Review', 'running']);
    expect(parseStatusName('a=b=Failed')).toEqual(['a=b', 'failed']);
    expect(parseStatusName('In Review=')).toEqual(['In Review', null]);
    for (const bad of ['x', '=running', 'x=gone', 'x=uploaded', 'x=not-run', 'x\u001b=failed'])
      expect(() => parseStatusName(bad)).toThrow(USAGE);
  });

  it('without = is not repeated in the message: it may be a secret', () => {
    expect(() => parseHeader('s3cret-value')).not.toThrow(/s3cret/);
    expect(() => parseQuery('s3cret-value')).not.toThrow(/s3cret/);
  });

  it('returns or throws USAGE', () => {
    neverElse((text) => {
      const [name, value] = parseHeader(text);
      new Headers([[name, value ?? '']]);
    });
    neverElse(parseQuery);
    neverElse(parseStatusName);
  });

  it('is added, replaced or removed by withPairs, sorted; __proto__ is a key like any other', () => {
    const changed = withPairs(
      { 'X-B': '1', 'X-A': '2' },
      [
        ['x-b', '3'],
        ['X-A', null],
        ['__proto__', '4'],
      ],
      sameHeader,
    );
    expect(Object.entries(changed)).toEqual([
      ['__proto__', '4'],
      ['x-b', '3'],
    ]);
    expect(Object.getPrototypeOf(changed)).toBe(Object.prototype);
  });
});

describe('parseProxy', () => {
  it('takes a URL without userinfo', () => {
    expect(parseProxy('http://proxy:3128')).toBe('http://proxy:3128');
    for (const bad of ['proxy:3128', 'socks5://x', 'http://x y', ''])
      expect(() => parseProxy(bad)).toThrow(USAGE);
    expect(() => parseProxy('http://u:pw4711@proxy')).toThrow(USAGE);
    expect(() => parseProxy('http://u:pw4711@proxy')).not.toThrow(/4711/);
    expect(displayProxy('http://u:p/w@4711@proxy:1')).toBe('http://***@proxy:1');
  });

  it('returns or throws USAGE', () => neverElse(parseProxy));
});

describe('checkProfileName', () => {
  it.each(['a', '0', 'eu.prod', 'A-b_c.9', 'x'.repeat(64), 'constructor'])('takes %s', (name) => {
    expect(checkProfileName(name)).toBe(name);
  });

  it.each([
    '',
    '__proto__',
    '.hidden',
    '-x',
    '_x',
    'a b',
    'a/b',
    '../x',
    'ä',
    'a\n',
    'x'.repeat(65),
    '\u001b[2J',
  ])('refuses %j', (name) => {
    expect(() => checkProfileName(name)).toThrow(USAGE);
  });

  it('returns letters, digits, dots, dashes and underscores, or throws USAGE', () => {
    neverElse((text) => expect(checkProfileName(text)).toMatch(/^[A-Za-z0-9][A-Za-z0-9._-]*$/));
    expect(isProfileName('a\n')).toBe(false);
  });
});
