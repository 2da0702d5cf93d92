import { documentOf, parseProfiles, textOf } from '../../../src/profile/store.ts';
import { expectEqual, expectError, expectIntactPrototype, type Target } from '../target.ts';

/** The profiles file. */
export const target: Target = {
  seeds: [
    JSON.stringify({
      version: 1,
      current: 'prod',
      profiles: {
        prod: {
          baseUrl: 'https://e.example.com',
          auth: { type: 'basic', username: 'u' },
          query: { format: 'xml' },
          headers: { 'X-Tenant': 'a' },
          statusNames: { Geladen: 'succeeded' },
          production: true,
          caFile: '/ca.pem',
          columns: { invoice: { key: 'N' } },
        },
      },
    }),
    '{"version":1,"profiles":{}}',
  ],
  dictionary: [
    '"version":1',
    '"profiles":{',
    '"baseUrl":',
    '"auth":{"type":"bearer"}',
    '"header:X"',
    '"__proto__":{}',
    '"constructor":',
    'null',
    '[]',
    '{}',
    '1e999',
    '\\u0000',
    '\\ud800',
    '\u202e',
    'https://',
    'http://[::1]',
    '"proxy":"http://u:p@h"',
  ],
  run(bytes) {
    const profiles = expectError(
      () => parseProfiles(bytes.toString('utf8'), '/profiles.json'),
      ['USAGE', 'CONFLICT'],
    );
    if (profiles === undefined) return;
    const again = parseProfiles(textOf(documentOf(profiles)), '/profiles.json');
    expectEqual(documentOf(again), documentOf(profiles), 'written profiles read back equal');
    expectIntactPrototype();
  },
};
