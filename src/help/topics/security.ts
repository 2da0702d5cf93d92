import type { TopicText } from '../page.ts';

export const security: TopicText = {
  description:
    'What ebill keeps on this machine, what it hides, and what it sends to whom. Nothing of it can be switched off by accident: each exception is an option of its own.',
  sections: [
    {
      title: 'What is kept where',
      blocks: [
        {
          type: 'terms',
          rows: [
            ['profiles.json', 'profiles: servers, headers and options, without passwords and tokens'],
            [
              'the keychain',
              "passwords and tokens of profiles, in the operating system's keychain where there is one that answers",
            ],
            ['secrets.json', 'the same where there is none, for their owner alone (0600)'],
            [
              'loads/',
              'a journal for each load: what was asked, what was answered, the names, sizes and SHA-256 of files. No credentials, no signatures, no records',
            ],
            ['log/errors.log', 'stack traces of bugs, with secrets hidden'],
          ],
        },
        {
          type: 'text',
          text: 'The profiles and that file of secrets are in the folder of configuration (~/.config/ebill, ~/Library/Application Support/ebill, %APPDATA%\\ebill), the others in the folder of state (~/.local/state/ebill, the same Library folder, %LOCALAPPDATA%\\ebill). EBILL_HOME puts all of them in one folder. Folders are made for their owner alone (0700); a file of secrets that others can read is warned of, and permissions that became wide are mended by ebill doctor, when you say yes. A home that belongs to another user, is open to everybody, or is in a folder where everybody may put another in its place is refused: whoever decides about it decides where credentials go. With EBILL_HOME secrets are kept in the file, unless EBILL_KEYCHAIN=on; EBILL_KEYCHAIN=off does without the keychain anywhere.',
        },
        {
          type: 'text',
          text: 'Results, rejects and reports hold what the server and your files say, and go only where you say: treat them as you treat the bills.',
        },
      ],
    },
    {
      title: 'Passwords and tokens',
      blocks: [
        {
          type: 'text',
          text: 'They come from a prompt, from standard input (--password-stdin, --token-stdin) or from the environment (EBILL_PASSWORD, EBILL_TOKEN), never from an argument, which other users could see. The environment wins over what is stored. The one exception is the sandbox, whose --password and --token guard nothing.',
        },
        {
          type: 'text',
          text: "They go to the base URL's own origin (scheme, host and port) and nowhere else: not to the storage that takes the files, not with a redirect to another origin, and a stored one not to another host that --base-url or EBILL_BASE_URL names.",
        },
      ],
    },
    {
      title: 'What is hidden',
      blocks: [
        {
          type: 'text',
          text: 'Passwords, tokens, authorisation headers and the signatures of presigned URLs appear in no output, log, journal or report, at any verbosity. --show-urls prints presigned URLs whole, for scripts that need them: whoever has one can read or replace that file while it lives.',
        },
        {
          type: 'text',
          text: 'Control and bidi characters in text from servers and files are shown as \\uXXXX and never reach the terminal raw. A report is a page that runs no script and loads nothing.',
        },
      ],
    },
    {
      title: 'TLS and plain http',
      blocks: [
        {
          type: 'text',
          text: 'Certificates are always checked, whatever NODE_TLS_REJECT_UNAUTHORIZED says, and nothing older than TLS 1.2 is spoken; there is no option to leave it out. --ca-file of a profile and NODE_EXTRA_CA_CERTS add authorities. --client-cert and --client-key present a certificate, to the host of the base URL alone; a locked key is opened with EBILL_CLIENT_KEY_PASSPHRASE, which is sent nowhere.',
        },
        {
          type: 'text',
          text: 'Plain http is refused to any host but this machine, for the API and for the addresses of uploads and downloads, unless the profile says --allow-insecure. Turned back with: ebill profile set NAME --no-allow-insecure. A local name (localhost) that is looked up to another machine is refused too.',
        },
      ],
    },
    {
      title: 'Uploads and downloads',
      blocks: [
        {
          type: 'text',
          text: 'The server names where files go and come from. An address with a username in it, or one that could be read as two hosts, is refused (9); so is one that is, or is looked up to, a link-local address or the metadata service of a cloud, in whatever spelling, unless the API itself is there. The addresses judged are those the connection is made to. Behind a proxy names are looked up by the proxy: there, only what stands in the address can be judged.',
        },
      ],
    },
    {
      title: 'Redirects',
      blocks: [
        {
          type: 'text',
          text: 'A redirect is followed only when reading (GET), at most five times, and without credentials to another origin. A redirected call that changes something is not followed: it is an error (9).',
        },
      ],
    },
    {
      title: 'Proxies',
      blocks: [
        {
          type: 'text',
          text: 'HTTPS_PROXY, HTTP_PROXY and NO_PROXY are obeyed; the --proxy of a profile wins over them. Everything goes through a tunnel (CONNECT): a proxy sees hosts and ports, and with https nothing more. This machine is never asked of a proxy on another one. A password in the address of a proxy is shown nowhere, and a wrong one is not tried again.',
        },
      ],
    },
    {
      title: 'More of it',
      blocks: [
        {
          type: 'text',
          text: 'SECURITY.md, in the package, says what is protected from whom and what is not, which test holds each claim, what each dependency is for, and how to report a weakness.',
        },
      ],
    },
    {
      title: 'Examples',
      blocks: [
        {
          type: 'examples',
          rows: [
            ['ebill profile set prod --token-stdin < token.txt', 'a new token, seen by nobody'],
            ['ebill profile show prod', 'all of a profile but its secrets'],
            ['ebill profile set lab --ca-file lab-ca.pem', 'trust an authority of your own as well'],
          ],
        },
      ],
    },
    {
      title: 'See also',
      blocks: [{ type: 'see', names: ['help environment', 'profile add', 'profile set'] }],
    },
  ],
};
