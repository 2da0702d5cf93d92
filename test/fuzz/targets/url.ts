import { redirectTarget } from '../../../src/api/net/transport.ts';
import { assertSafeTransferUrl, presignedFacts } from '../../../src/api/transfer-url.ts';
import { addressOf, redactShapes } from '../../../src/redact/shapes.ts';
import { expectError, hold, type Target } from '../target.ts';

/** Presigned URLs and redirects. */
export const target: Target = {
  seeds: [
    'https://b.s3.eu-west-1.amazonaws.com/org/in/cus.csv?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIA%2F20200831&X-Amz-Date=20200831T220000Z&X-Amz-Expires=3599&X-Amz-SignedHeaders=host&X-Amz-Signature=0123456789abcdef',
    'http://127.0.0.1:9000/b/k?X-Amz-Signature=deadbeef00&X-Amz-Expires=60',
    'https://user:secret-pass@h/p#f',
    'http://169.254.169.254/latest/meta-data/',
  ],
  dictionary: [
    'https://',
    'http://',
    '@',
    ':',
    '/',
    '?',
    '#',
    '&',
    '%2F',
    '%00',
    '..',
    '\\',
    '[::1]',
    '127.0.0.1',
    '169.254.169.254',
    '0x7f.1',
    'X-Amz-Date=',
    'X-Amz-Expires=',
    'X-Amz-Signature=',
    'X-Amz-Credential=',
    'localhost',
    '\n',
    '\u202e',
    'é',
    'javascript:',
    'file:///',
  ],
  run(bytes) {
    const url = bytes.toString('utf8');
    const facts = presignedFacts(url);
    hold(!facts.object.includes('?'), 'an object has no query');
    hold(facts.expiresAt === null || Number.isFinite(facts.expiresAt), 'an expiry is a time or unknown');
    addressOf(url);
    const once = redactShapes(url);
    hold(!/X-Amz-Signature=[0-9a-f]{8}/i.test(once), 'no signature is shown');
    const target = redirectTarget(302, url, 'https://h/a');
    for (const one of [url, target]) {
      if (one === null) continue;
      expectError(
        () => assertSafeTransferUrl(one, { baseUrl: 'https://h', allowInsecure: false }),
        ['REJECTED'],
      );
    }
  },
};
