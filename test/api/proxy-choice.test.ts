import { describe, expect, it } from 'vitest';
import { proxyChoice } from '../../src/api/proxy-choice.ts';

const P = 'http://p:1';
const HTTPS = 'https://ebill.example.com';

describe('which proxy leads there', () => {
  it.each<[string, Record<string, string>, string | null]>([
    [HTTPS, {}, null],
    [HTTPS, { HTTPS_PROXY: P }, 'HTTPS_PROXY'],
    [HTTPS, { https_proxy: P }, 'HTTPS_PROXY'],
    [HTTPS, { HTTP_PROXY: P }, 'HTTP_PROXY'],
    [HTTPS, { HTTP_PROXY: 'http://q:1', HTTPS_PROXY: P }, 'HTTPS_PROXY'],
    ['http://ebill.example.com', { HTTPS_PROXY: P }, null],
    ['http://ebill.example.com', { HTTP_PROXY: P }, 'HTTP_PROXY'],
    [HTTPS, { HTTPS_PROXY: P, NO_PROXY: 'other.com' }, 'HTTPS_PROXY'],
    [HTTPS, { HTTPS_PROXY: P, NO_PROXY: 'other.com, Example.com' }, null],
    [HTTPS, { HTTPS_PROXY: P, NO_PROXY: '.example.com' }, null],
    [HTTPS, { HTTPS_PROXY: P, NO_PROXY: '*.example.com' }, null],
    [HTTPS, { HTTPS_PROXY: P, NO_PROXY: 'ample.com' }, 'HTTPS_PROXY'],
    [HTTPS, { HTTPS_PROXY: P, NO_PROXY: 'ebill.example.com:443' }, null],
    [HTTPS, { HTTPS_PROXY: P, NO_PROXY: 'ebill.example.com:8443' }, 'HTTPS_PROXY'],
    ['https://[::1]:8443', { HTTPS_PROXY: P, no_proxy: '[::1]' }, null],
    [HTTPS, { HTTPS_PROXY: P, NO_PROXY: '*' }, null],
  ])('%s with %j: %s', (url, env, source) => {
    expect(proxyChoice(new URL(url), null, env)).toEqual(source === null ? null : { url: P, source });
  });

  it("the profile's own goes before all that", () => {
    expect(proxyChoice(new URL(HTTPS), 'http://own:1', { HTTPS_PROXY: P, NO_PROXY: '*' })).toEqual({
      url: 'http://own:1',
      source: 'the profile',
    });
  });
});
