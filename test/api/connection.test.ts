import { describe, expect, test } from 'vitest';
import { authHeaders, endpointOf, serverOf } from '../../src/api/connection.ts';
import { connectionTo } from './rig.ts';

describe('the endpoint', () => {
  test.each([
    ['https://h', 'https://h/rest/batchProcess'],
    ['https://h/', 'https://h/rest/batchProcess'],
    ['https://h//', 'https://h/rest/batchProcess'],
    ['https://h/rest', 'https://h/rest/batchProcess'],
    ['https://h/rest/', 'https://h/rest/batchProcess'],
    ['https://h/REST', 'https://h/rest/batchProcess'],
    ['https://h/rest/batchProcess/', 'https://h/rest/batchProcess'],
    [' https://h/acme ', 'https://h/acme/rest/batchProcess'],
    ['https://h/acme/rest/', 'https://h/acme/rest/batchProcess'],
    ['https://h/forest', 'https://h/forest/rest/batchProcess'],
    ['https://h:8443/a/b', 'https://h:8443/a/b/rest/batchProcess'],
  ])('of %j is %s', (base, endpoint) => {
    expect(endpointOf(base)).toBe(endpoint);
  });
});

describe('the name of a server (api rule 25)', () => {
  test.each([
    ['https://h', 'https://h'],
    ['HTTPS://H/', 'https://h'],
    [' https://h:443/rest ', 'https://h'],
    ['https://h./rest/batchProcess/', 'https://h'],
    ['https://h/REST/batchprocess//', 'https://h'],
    ['https://user:secret@h/rest?x=1#y', 'https://h'],
    ['http://h', 'http://h'],
    ['http://h:80/', 'http://h'],
    ['http://h:443/', 'http://h:443'],
    ['https://h/Acme/rest/', 'https://h/Acme'],
    ['https://h/acme', 'https://h/acme'],
    ['https://h/forest', 'https://h/forest'],
    ['http://LOCALHOST:8480', 'http://127.0.0.1:8480'],
    ['http://[::1]:8480/rest', 'http://127.0.0.1:8480'],
    ['http://[0:0:0:0:0:0:0:1]:8480/', 'http://127.0.0.1:8480'],
    ['http://127.1:8480', 'http://127.0.0.1:8480'],
    ['http://127.0.0.2:8480', 'http://127.0.0.2:8480'],
    ['https://bücher.example', 'https://xn--bcher-kva.example'],
    ['no URL', 'no URL'],
  ])('of %j is %s', (baseUrl, server) => {
    expect(serverOf({ baseUrl })).toBe(server);
  });

  test('has the organisation, where a profile says one, compared without case', () => {
    const of = (organisation: string | null) => serverOf({ baseUrl: 'https://h/', organisation });
    expect([of(null), of(''), of('Acme'), of(' ACME '), of('Globex')]).toEqual([
      'https://h',
      'https://h',
      'https://h#acme',
      'https://h#acme',
      'https://h#globex',
    ]);
  });
});

test('credentials become headers', () => {
  const of = (auth: Parameters<typeof connectionTo>[1] & object) =>
    authHeaders(connectionTo('https://h', auth));
  expect(of({ auth: { type: 'none' } })).toEqual({});
  expect(of({ auth: { type: 'basic', username: 'zoë', password: 'p:ä' } })).toEqual({
    authorization: `Basic ${Buffer.from('zoë:p:ä').toString('base64')}`,
  });
  expect(of({ auth: { type: 'bearer', token: 'tok' } })).toEqual({ authorization: 'Bearer tok' });
  expect(of({ auth: { type: 'header', name: 'X-Api-Key', token: 'tok' } })).toEqual({ 'X-Api-Key': 'tok' });
});
