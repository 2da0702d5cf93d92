import type { TopicText } from '../page.ts';

export const environment: TopicText = {
  description:
    'An option wins over the environment, the environment over a profile, a profile over the default. An empty variable counts as one that is not there. The environment alone is a complete set-up: CI needs no profile.',
  sections: [
    {
      title: 'Where and as whom',
      blocks: [
        {
          type: 'terms',
          rows: [
            [
              'EBILL_HOME',
              'one folder for profiles, secrets and journals, in place of the usual ones (ebill help security)',
            ],
            [
              'EBILL_PROFILE',
              'the profile to use; --profile wins, the one in use (ebill profile use) gives way',
            ],
            ['EBILL_BASE_URL', "the eBill server; --base-url wins, a profile's gives way"],
            [
              'EBILL_AUTH',
              'how to authorise: basic, bearer, header:NAME or none; left out, a token means bearer, a username basic, neither what the profile says, else none',
            ],
            ['EBILL_USERNAME', "for basic; wins over the profile's"],
            ['EBILL_PASSWORD', 'for basic; wins over the one stored for the profile'],
            [
              'EBILL_TOKEN',
              'for bearer, or the value of the header of header:NAME; wins over the one stored. A profile with a header of its own goes on using it',
            ],
            [
              'EBILL_KEYCHAIN',
              'off: secrets of profiles are kept in a file; on: in the keychain, with an EBILL_HOME too. Left out: in the keychain, unless EBILL_HOME is set',
            ],
            [
              'EBILL_JOB',
              'the load; --job wins, the load last started on this machine for this profile or server gives way',
            ],
          ],
        },
        {
          type: 'text',
          text: 'A base URL from the environment or an option is not mixed with the profile in use: only a profile that is named, by --profile or EBILL_PROFILE, goes with it. If that profile is for another host, its credentials, headers, query parameters and client certificate are left out, with a warning.',
        },
      ],
    },
    {
      title: 'Network',
      blocks: [
        {
          type: 'terms',
          rows: [
            [
              'HTTPS_PROXY, HTTP_PROXY',
              "the http or https proxy for https and for http addresses, such as proxy.example.com:3128, with USER:PASSWORD@ before the host if it wants them; without HTTPS_PROXY, HTTP_PROXY serves both; the profile's own (--proxy) wins. Lower case works too",
            ],
            [
              'NO_PROXY',
              "hosts reached without those two: names with all below them, addresses, subnets such as 10.0.0.0/8, each perhaps with a port, or * for all; it does not apply to the profile's own proxy",
            ],
            [
              'NODE_EXTRA_CA_CERTS',
              'a PEM file of further certificate authorities, read by Node as it starts',
            ],
            ['EBILL_CLIENT_KEY_PASSPHRASE', "opens the profile's --client-key, if that is locked"],
            [
              'NODE_TLS_REJECT_UNAUTHORIZED',
              'not obeyed: certificates are always checked (Node warns of it all the same)',
            ],
          ],
        },
      ],
    },
    {
      title: 'Looks',
      blocks: [
        {
          type: 'terms',
          rows: [
            ['NO_COLOR', 'no colour; --color wins'],
            ['FORCE_COLOR', 'colour also where there is no terminal, 0 for none; --color and NO_COLOR win'],
            ['CI', 'no colour, no prompt, no moving lines; 0, false or empty count as not set'],
            ['TERM', 'dumb: no colour and no moving lines; linux: plain signs'],
          ],
        },
      ],
    },
    {
      title: 'Set by the platform or a CI',
      blocks: [
        {
          type: 'terms',
          rows: [
            ['XDG_CONFIG_HOME, XDG_STATE_HOME', 'Linux: where profiles and journals are, without EBILL_HOME'],
            ['APPDATA, LOCALAPPDATA', 'Windows: the same'],
            ['MSYSTEM', 'Windows: set by Git Bash; commands to copy are quoted for it'],
            ['WT_SESSION, TERM_PROGRAM', 'Windows: the terminal can show more than plain signs'],
            [
              'GITHUB_ACTIONS',
              'true: run and watch annotate the job, and no text of a server can pose as a command',
            ],
            ['GITHUB_STEP_SUMMARY', 'the file that run and watch add a table of the batches to'],
          ],
        },
      ],
    },
    {
      title: 'Given to the command of --notify',
      blocks: [
        {
          type: 'terms',
          rows: [
            ['EBILL_OUTCOME', 'the outcome, such as partial'],
            ['EBILL_EXIT_CODE', 'the exit code'],
            ['EBILL_JOB', 'the load'],
          ],
        },
        {
          type: 'text',
          text: 'EBILL_TOKEN, EBILL_PASSWORD and EBILL_CLIENT_KEY_PASSPHRASE are kept from it.',
        },
      ],
    },
    {
      title: 'Examples',
      blocks: [
        {
          type: 'examples',
          rows: [
            [
              'export EBILL_BASE_URL=https://ebill.example.com EBILL_JOB=AUG_2020',
              'in CI, with EBILL_TOKEN from its vault: no profile is needed',
            ],
            ['EBILL_PROFILE=test ebill status', 'one call with another profile'],
          ],
        },
      ],
    },
    { title: 'See also', blocks: [{ type: 'see', names: ['help security', 'profile add', 'profile use'] }] },
  ],
};
