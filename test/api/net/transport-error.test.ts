import { describe, expect, test } from 'vitest';
import { transportError } from '../../../src/api/net/transport-error.ts';

describe('a transport error', () => {
  const failure = (code: string, begun: boolean) =>
    transportError(Object.assign(new Error('words'), { code }), 'https://h', begun);

  test.each([
    'ECONNREFUSED',
    'ENOTFOUND',
    'EAI_AGAIN',
    'ECONNRESET',
    'ETIMEDOUT',
    'UND_ERR_CONNECT_TIMEOUT',
    'UND_ERR_SOCKET',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'ERR_SSL_WRONG_VERSION_NUMBER',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'CERT_HAS_EXPIRED',
    'EPROTO',
    'E_NEW',
    '',
  ])('with %s means unsent before sending, lost after', (code) => {
    expect(failure(code, false)).toMatchObject({ kind: 'unsent' });
    expect(failure(code, true)).toMatchObject({ kind: 'lost' });
    expect(failure(code, false).message).toMatch(/^https:\/\/h: \S/);
  });

  test.each([
    'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
    'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA',
    'ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE',
    'ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE',
    'ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED',
    'ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_EXPIRED',
    'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE',
  ])('with %s always means unsent', (code) => {
    expect(failure(code, true)).toMatchObject({ kind: 'unsent' });
    expect(failure(code, true).message).toContain('no secure connection');
  });

  test.each([
    'ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC',
    'ERR_SSL_SSLV3_ALERT_BAD_RECORD_MAC',
    'ERR_SSL_SSL/TLS_ALERT_BAD_RECORD_MAC',
  ])('with %s while sending means lost', (code) => {
    expect(failure(code, true)).toMatchObject({ kind: 'lost' });
  });

  test('for several addresses shows the first', () => {
    const inner = Object.assign(new Error('x'), { code: 'ECONNREFUSED' });
    expect(transportError(new AggregateError([inner, inner]), 'https://h', false).message).toContain(
      'connection refused',
    );
  });
});
