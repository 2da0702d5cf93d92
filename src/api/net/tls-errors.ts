/** Why a secure connection was not made, in words, and what to do about it. */
export interface TlsProblem {
  readonly why: string;
  readonly hint: string;
}

const OPERATORS = 'Tell the operators of the server';
const UNKNOWN_AUTHORITY: TlsProblem = {
  why: 'the authority that signed its certificate is not known here',
  hint: 'If a private authority signed it, name its certificate: ebill profile set NAME --ca-file FILE, or NODE_EXTRA_CA_CERTS. Verification is never turned off.',
};
const CLIENT = 'ebill profile set NAME --client-cert FILE --client-key FILE';

/** By the codes of Node and OpenSSL. A server's own no comes as an alert, whose code has its name at the end. */
const TLS_PROBLEMS: readonly (readonly [RegExp, TlsProblem])[] = [
  [
    /^CERT_HAS_EXPIRED$/,
    { why: 'its certificate has run out', hint: `${OPERATORS}, if this machine's clock is right.` },
  ],
  [
    /^CERT_NOT_YET_VALID$/,
    {
      why: 'its certificate is not good yet',
      hint: "Set this machine's clock; if it is right, tell the operators of the server.",
    },
  ],
  [
    /^ERR_TLS_CERT_ALTNAME_INVALID$|^HOSTNAME_MISMATCH$/,
    {
      why: 'its certificate is for another name',
      hint: 'Check the host of the address; if it is right, tell the operators of the server.',
    },
  ],
  [
    /^DEPTH_ZERO_SELF_SIGNED_CERT$/,
    { why: 'its certificate is signed by itself', hint: UNKNOWN_AUTHORITY.hint },
  ],
  [
    /^SELF_SIGNED_CERT_IN_CHAIN$|^UNABLE_TO_(?:GET_ISSUER_CERT|GET_ISSUER_CERT_LOCALLY|VERIFY_LEAF_SIGNATURE)$|^CERT_UNTRUSTED$/,
    UNKNOWN_AUTHORITY,
  ],
  [
    /^INVALID_PURPOSE$/,
    {
      why: 'its certificate is not one for servers',
      hint: `${OPERATORS}: it needs the extended key usage serverAuth.`,
    },
  ],
  [
    /^CERT_REVOKED$/,
    { why: 'its certificate was called back', hint: `${OPERATORS}, and send nothing until they answer.` },
  ],
  [
    /ALERT_PROTOCOL_VERSION$|UNSUPPORTED_PROTOCOL$|_VERSION_TOO_LOW$/,
    {
      why: 'it speaks nothing newer than TLS 1.1, or nothing this machine allows',
      hint: `${OPERATORS}: TLS 1.2 is the least.`,
    },
  ],
  [
    /WRONG_VERSION_NUMBER$|PACKET_LENGTH_TOO_LONG$|_HTTP_REQUEST$|_UNKNOWN_PROTOCOL$/,
    {
      why: 'what answers there does not speak TLS',
      hint: 'Check scheme and port of the address, and the proxy.',
    },
  ],
  [
    /ALERT_CERTIFICATE_REQUIRED$|ALERT_NO_CERTIFICATE$/,
    { why: 'it wants a client certificate and got none', hint: `Present one: ${CLIENT}` },
  ],
  [
    /ALERT_HANDSHAKE_FAILURE$/,
    {
      why: 'it broke off the handshake: perhaps it wants a client certificate, or there is no cipher both know',
      hint: `If it wants a certificate: ${CLIENT}. If not, tell the operators of the server.`,
    },
  ],
  [
    /ALERT_CERTIFICATE_EXPIRED$/,
    { why: 'it says the client certificate has run out', hint: `Present a newer one: ${CLIENT}` },
  ],
  [
    /ALERT_UNKNOWN_CA$/,
    {
      why: 'it does not know the authority that signed the client certificate',
      hint: `Present the one that was made for this server: ${CLIENT}`,
    },
  ],
  [
    /ALERT_(?:BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_REVOKED|CERTIFICATE_UNKNOWN|ACCESS_DENIED)$/,
    {
      why: 'it does not accept the client certificate',
      hint: `Present the one that was made for this server: ${CLIENT}`,
    },
  ],
];

/** @param code of Node or OpenSSL; `null` when it is none that has a remedy of its own */
export function describeTlsError(code: string): TlsProblem | null {
  return TLS_PROBLEMS.find(([pattern]) => pattern.test(code))?.[1] ?? null;
}

/** For a code nobody wrote words for: mostly a chain that does not hold. */
export const { hint: UNKNOWN_AUTHORITY_HINT } = UNKNOWN_AUTHORITY;
