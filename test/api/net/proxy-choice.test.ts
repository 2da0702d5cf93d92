import { describe, expect, it } from 'vitest';
import { chooseProxy, proxyAuthorization } from '../../../src/api/net/proxy.ts';

const P = 'http://p:1';
const HTTPS = 'https://ebill.example.com';

describe('the proxy for a URL', () => {
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
    [HTTPS, { HTTPS_PROXY: P, NO_PROXY: 'other.com *' }, null],
    ['https://ebill.example.com.', { HTTPS_PROXY: P, NO_PROXY: 'example.com' }, null],
    [HTTPS, { HTTPS_PROXY: P, NO_PROXY: 'example.com.' }, null],
    [HTTPS, { HTTPS_PROXY: P, NO_PROXY: '.com:443,\tx' }, null],
    [HTTPS, { HTTPS_PROXY: P, NO_PROXY: ' , ,' }, 'HTTPS_PROXY'],
    [HTTPS, { HTTPS_PROXY: P, NO_PROXY: '10.0.0.0/8' }, 'HTTPS_PROXY'],
    ['https://10.1.2.3', { HTTPS_PROXY: P, NO_PROXY: '10.0.0.0/8' }, null],
    ['https://10.1.2.3', { HTTPS_PROXY: P, NO_PROXY: '10.1.2.3' }, null],
    ['https://10.1.2.3:8443', { HTTPS_PROXY: P, NO_PROXY: '10.0.0.0/8:8443' }, null],
    ['https://10.1.2.3:8443', { HTTPS_PROXY: P, NO_PROXY: '10.0.0.0/8:443' }, 'HTTPS_PROXY'],
    ['https://11.1.2.3', { HTTPS_PROXY: P, NO_PROXY: '10.0.0.0/8' }, 'HTTPS_PROXY'],
    ['https://10.1.2.3', { HTTPS_PROXY: P, NO_PROXY: '10.0.0.0/33, 10.0.0.0/x, /8, 2.3' }, 'HTTPS_PROXY'],
    ['https://[2001:db8::7]', { HTTPS_PROXY: P, NO_PROXY: '2001:db8::/32' }, null],
    ['https://[2001:db8::7]', { HTTPS_PROXY: P, NO_PROXY: '[2001:0DB8:0:0::7]:443' }, null],
    ['https://[2001:db8::7]', { HTTPS_PROXY: P, NO_PROXY: '[2001:db8::7]:8443' }, 'HTTPS_PROXY'],
    ['https://[2001:db9::7]', { HTTPS_PROXY: P, NO_PROXY: '2001:db8::/32,2001:db9::8' }, 'HTTPS_PROXY'],
    // Loopback never goes through a proxy on another machine.
    ['http://localhost:8080', { HTTP_PROXY: P }, null],
    ['https://127.0.0.1:8080', { HTTPS_PROXY: P }, null],
  ])('for %s with %j is the one from %s', (url, env, source) => {
    expect(chooseProxy(new URL(url), null, env)).toEqual(source === null ? null : { url: P, source });
  });

  it('may be on this machine for loopback', () => {
    const url = 'http://user:pw@127.0.0.1:3128';
    const own = new URL('https://localhost:8443');
    expect(chooseProxy(own, null, { HTTPS_PROXY: url })).toEqual({ url, source: 'HTTPS_PROXY' });
    expect(chooseProxy(own, P, {})).toBeNull();
  });

  it('is an http proxy without a scheme, as for curl', () => {
    const env = { HTTPS_PROXY: ' user:pw@proxy.test:3128 ' };
    expect(chooseProxy(new URL(HTTPS), null, env)).toMatchObject({ url: 'http://user:pw@proxy.test:3128' });
  });

  it.each(['socks5://u:pw4711@p:1', 'ftp://p', 'http://', 'http://u:pw4711@p:x', 'http://u:pw/4711@p:1 x'])(
    'is a usage error unless it is http or https: %s',
    (HTTPS_PROXY) => {
      let error: unknown;
      try {
        chooseProxy(new URL(HTTPS), null, { HTTPS_PROXY });
      } catch (thrown) {
        error = thrown;
      }
      expect(error).toMatchObject({ code: 'USAGE', message: expect.stringContaining('(HTTPS_PROXY)') });
      expect(String(error)).not.toContain('4711');
      expect(chooseProxy(new URL(HTTPS), null, { HTTPS_PROXY, NO_PROXY: '*' })).toBeNull();
    },
  );

  it.each([
    ['http://user:p%40ss@p:1', 'user:p@ss'],
    ['http://user:100%@p:1', 'user:100%'],
    ['http://token@p:1', 'token:'],
    ['http://:pw@p:1', ':pw'],
    ['http://zo%C3%AB:p:w@p:1', 'zoë:p:w'],
    ['http://p:1', null],
  ])('%s has the credentials %j', (url, login) => {
    expect(proxyAuthorization(new URL(url))).toBe(
      login === null ? null : `Basic ${Buffer.from(login).toString('base64')}`,
    );
  });

  it("is the profile's if it has one", () => {
    expect(chooseProxy(new URL(HTTPS), 'http://own:1', { HTTPS_PROXY: P, NO_PROXY: '*' })).toEqual({
      url: 'http://own:1',
      source: 'the profile',
    });
  });
});
