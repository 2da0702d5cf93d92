import { describe, expect, test } from 'vitest';
import { authHeaders, endpointOf } from '../../src/api/connection.ts';
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
