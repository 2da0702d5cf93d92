/** Why there is no secure connection, as a clause about the server, and what to do. */
export interface TlsProblem {
  readonly reason: string;
  readonly hint: string;
}

/** The hint where the certificate chain cannot be verified. */
export const UNKNOWN_AUTHORITY_HINT =
  'Verification cannot be turned off. If a private authority signed it, set NODE_EXTRA_CA_CERTS, or trust that authority: ebill profile set NAME --ca-file FILE';

const TELL_OPERATORS = 'Tell the operators of the server';
const SET_CLIENT_CERT = 'ebill profile set NAME --client-cert FILE --client-key FILE';

/** By error codes of Node and OpenSSL. A refusal by the server is a TLS alert, named at the end of the code. */
const TLS_PROBLEMS: readonly (readonly [code: RegExp, reason: string, hint: string])[] = [
  [
    /^CERT_HAS_EXPIRED$/,
    'its certificate has expired',
    `${TELL_OPERATORS}, if this machine's clock is right.`,
  ],
  [
    /^CERT_NOT_YET_VALID$/,
    'its certificate is not valid yet',
    "Set this machine's clock; if it is right, tell the operators of the server.",
  ],
  [
    /^ERR_TLS_CERT_ALTNAME_INVALID$|^HOSTNAME_MISMATCH$/,
    'its certificate is for another host name',
    'Check the host name in the URL; if it is right, tell the operators of the server.',
  ],
  [/^DEPTH_ZERO_SELF_SIGNED_CERT$/, 'its certificate is self-signed', UNKNOWN_AUTHORITY_HINT],
  [
    /^SELF_SIGNED_CERT_IN_CHAIN$|^UNABLE_TO_(?:GET_ISSUER_CERT|GET_ISSUER_CERT_LOCALLY|VERIFY_LEAF_SIGNATURE)$|^CERT_UNTRUSTED$/,
    'its certificate was signed by an unknown authority',
    UNKNOWN_AUTHORITY_HINT,
  ],
  [
    /^INVALID_PURPOSE$/,
    'its certificate is not a server certificate',
    `${TELL_OPERATORS}: it needs the extended key usage serverAuth.`,
  ],
  [/^CERT_REVOKED$/, 'its certificate was revoked', `${TELL_OPERATORS}, and send nothing until they answer.`],
  [
    /ALERT_PROTOCOL_VERSION$|UNSUPPORTED_PROTOCOL$|_VERSION_TOO_LOW$/,
    'it offers nothing newer than TLS 1.1, or nothing this machine allows',
    `${TELL_OPERATORS}: TLS 1.2 is the minimum.`,
  ],
  [
    /WRONG_VERSION_NUMBER$|PACKET_LENGTH_TOO_LONG$|_HTTP_REQUEST$|_UNKNOWN_PROTOCOL$/,
    'it does not speak TLS',
    'Check the scheme and port of the URL, and the proxy.',
  ],
  [
    /ALERT_CERTIFICATE_REQUIRED$|ALERT_NO_CERTIFICATE$/,
    'it requires a client certificate, and none was sent',
    `Set one: ${SET_CLIENT_CERT}`,
  ],
  [
    /ALERT_HANDSHAKE_FAILURE$/,
    'it aborted the handshake: it may require a client certificate, or there is no cipher in common',
    `If it requires a certificate: ${SET_CLIENT_CERT}. If not, tell the operators of the server.`,
  ],
  [
    /ALERT_CERTIFICATE_EXPIRED$/,
    'it says the client certificate has expired',
    `Set a newer one: ${SET_CLIENT_CERT}`,
  ],
  [
    /ALERT_UNKNOWN_CA$/,
    'it does not know the authority that signed the client certificate',
    `Set the certificate that was issued for this server: ${SET_CLIENT_CERT}`,
  ],
  [
    /ALERT_(?:BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_REVOKED|CERTIFICATE_UNKNOWN|ACCESS_DENIED)$/,
    'it rejected the client certificate',
    `Set the certificate that was issued for this server: ${SET_CLIENT_CERT}`,
  ],
];

/**
 * @param code of Node or OpenSSL
 * @returns `null` when the code is not a TLS problem with a known remedy
 */
export function describeTlsError(code: string): TlsProblem | null {
  const known = TLS_PROBLEMS.find(([pattern]) => pattern.test(code));
  return known === undefined ? null : { reason: known[1], hint: known[2] };
}
