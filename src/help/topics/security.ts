import { examples, section, seeAlso, type TopicText, terms } from '../text.ts';

export const security: TopicText = {
  description:
    'What ebill stores on this machine, what it hides, and what it sends where. Each exception needs an explicit option, so no protection is switched off by accident.',
  sections: [
    section(
      'What is stored where',
      terms({
        'profiles.json': 'profiles: servers, headers and options, but no passwords or tokens',
        keychain: 'passwords and tokens of profiles, if the operating system has a working keychain',
        'secrets.json': 'the same without a keychain; readable only by the owner (0600)',
        'loads/':
          'the journal of each load: requests, answers, and the names, sizes and SHA-256 of files. No credentials, no signatures, no records',
        'log/errors.log': 'stack traces of internal errors, with secrets hidden',
      }),
      'profiles.json and secrets.json are in the configuration folder (~/.config/ebill, ~/Library/Application Support/ebill, %APPDATA%\\ebill), loads/ and log/ in the state folder (~/.local/state/ebill, the same Library folder, %LOCALAPPDATA%\\ebill). EBILL_HOME puts them all into one folder. With EBILL_HOME, secrets are stored in the file unless EBILL_KEYCHAIN=on; EBILL_KEYCHAIN=off never uses the keychain.',
      'Folders are created for their owner only (0700). ebill warns about a file of secrets that others can read, and ebill doctor corrects permissions that are too wide, after you agree. ebill does not use these folders if another user owns them, or if every user can write to them or replace them: anybody who can change the files in them could have your credentials sent to another server.',
      'Results, rejects and reports contain data of the server and of your files. They are written only where you say; protect them like the bills.',
    ),
    section(
      'Passwords and tokens',
      'They come from a prompt, from standard input (--password-stdin, --token-stdin) or from the environment (EBILL_PASSWORD, EBILL_TOKEN), or from a command (--token-command, EBILL_TOKEN_COMMAND), never from an argument, which other users could see. The environment takes precedence over the stored secret. The only exception is the sandbox, whose --password and --token protect nothing.',
      'A token command runs when the first request is about to be sent, and once more if the server answers 401; that request is then repeated once. Its standard output is the token: one line, without spaces around it. A plain command line runs without a shell, any other through /bin/sh or cmd.exe. It runs in the working directory, gets no credential of ebill in its environment and no standard input, and is stopped after 30 s. Its token is never shown, stored or logged; what it writes to standard error is shown if it fails. If it fails, ebill exits with 5. A profile stores the command, which profile show prints: put no secret into it.',
      'They are sent to the origin of the base URL (scheme, host and port) and nowhere else: not to the storage that receives the files, and not with a redirect to another origin. A stored secret, or the token of a command of a profile, is not sent to another host that --base-url or EBILL_BASE_URL names.',
    ),
    section(
      'What is hidden',
      'Passwords, tokens, authorisation headers and the signatures of presigned URLs appear in no output, log, journal or report, whatever the verbosity. --show-urls prints whole presigned URLs for scripts that need them: anybody who has one can read or replace that file until the URL expires.',
      'Control and bidi characters in text from servers and files are printed as \\uXXXX and never reach the terminal as they are. A report is a page that runs no script and loads no other resource.',
    ),
    section(
      'TLS and plain http',
      'Certificates are always verified, whatever NODE_TLS_REJECT_UNAUTHORIZED says, and TLS 1.2 is the minimum; no option changes that. --ca-file of a profile and NODE_EXTRA_CA_CERTS add certificate authorities. --client-cert and --client-key present a client certificate, only to the host of the base URL. EBILL_CLIENT_KEY_PASSPHRASE decrypts the key and is never sent.',
      'Plain http is refused to any host except this machine, for the API and for upload and download URLs, unless the profile has --allow-insecure. To refuse it again: ebill profile set NAME --no-allow-insecure. A local name (localhost) that resolves to another machine is refused too.',
    ),
    section(
      'Uploads and downloads',
      'The server supplies the URLs of uploads and downloads. ebill refuses (9) a URL with a username, one that could be read as two different hosts, and one whose host is or resolves to a link-local address or the metadata service of a cloud, in any notation, unless the API itself is there. It connects only to the addresses that it has checked. Behind a proxy, names are resolved by the proxy, so only the URL itself can be checked.',
    ),
    section(
      'Redirects',
      'Only GET requests follow redirects, at most five, and without credentials when the origin changes. A redirect of a request that changes something is an error (9).',
    ),
    section(
      'Proxies',
      'HTTPS_PROXY, HTTP_PROXY and NO_PROXY are honoured; the --proxy of a profile takes precedence. https goes through a tunnel (CONNECT): the proxy sees hosts and ports, and nothing else. Plain http is a request to the proxy itself. Requests to this machine never go through a proxy on another one. The password of a proxy is never shown, and a wrong one is not tried again.',
    ),
    section(
      'More',
      'SECURITY.md in the package describes what is protected against whom and what is not, the test behind each claim, the purpose of each dependency, and how to report a vulnerability.',
    ),
    examples(
      ['ebill profile set prod --token-stdin < token.txt', 'store a new token that no other user can see'],
      ['ebill profile set prod --token-command ebill-token', 'store no token: a program prints it'],
      ['ebill profile show prod', 'show a profile without its secrets'],
      ['ebill profile set lab --ca-file lab-ca.pem', 'also trust your own certificate authority'],
    ),
    seeAlso('help environment', 'profile add', 'profile set'),
  ],
};
