import { examples, section, seeAlso, type TopicText, terms } from '../text.ts';

export const environment: TopicText = {
  description:
    'An option takes precedence over the environment, the environment over the profile, and the profile over the default. An empty variable counts as not set. The environment alone is a complete set-up: CI needs no profile.',
  sections: [
    section(
      'Server, credentials and load',
      terms({
        EBILL_HOME:
          'one folder for profiles, secrets and journals, instead of the default folders (ebill help security)',
        EBILL_PROFILE:
          'the profile to use; overridden by --profile, overrides the default profile (ebill profile use)',
        EBILL_BASE_URL: 'base URL of the eBill server; overridden by --base-url, overrides the profile',
        EBILL_AUTH:
          'how to authorise: basic, bearer, header:NAME or none. If not set: bearer with a token or a token command, basic with a username, else what the profile says, else none',
        EBILL_USERNAME: 'username for basic; overrides the profile',
        EBILL_PASSWORD: 'password for basic; overrides the stored one',
        EBILL_TOKEN:
          'token for bearer and for header:NAME; overrides the stored one. A profile with header:NAME keeps using that header',
        EBILL_TOKEN_COMMAND:
          'a command that prints the token, such as vault read -field=token secret/ebill; overrides the profile. EBILL_TOKEN takes precedence over it. It cannot be used with basic (ebill help security)',
        EBILL_KEYCHAIN:
          'on: store secrets of profiles in the keychain; off: store them in a file. If not set: in the keychain, unless EBILL_HOME is set',
        EBILL_ORGANISATION:
          'which organisation, where one base URL serves several: each has loads of its own. Overrides the profile (ebill profile set --organisation)',
        EBILL_JOB:
          'the load; overridden by --job, overrides the load last started on this machine for this server',
        EBILL_SETTLE:
          'how long to keep asking the server before a call that got no answer counts as not done, such as 30m; overridden by --settle. If not set: 15 minutes for init, 60 seconds for the other calls. Set it only if the server needs longer: a shorter time can load or bill twice',
      }),
      'A base URL from the environment or an option is never combined with the default profile, only with a profile named by --profile or EBILL_PROFILE. If that profile is for another host, its credentials, headers, query parameters and client certificate are not used, with a warning.',
    ),
    section(
      'Network',
      terms({
        'HTTPS_PROXY, HTTP_PROXY':
          'the proxy (http or https) for https and for http addresses, such as proxy.example.com:3128 or USER:PASSWORD@proxy.example.com:3128. Without HTTPS_PROXY, HTTP_PROXY is used for both. The proxy of a profile (--proxy) takes precedence. Lower case works too',
        NO_PROXY:
          'hosts to reach without these proxies: names (with their subdomains), addresses, subnets such as 10.0.0.0/8, each with an optional port, or * for all. It does not apply to the proxy of a profile',
        NODE_EXTRA_CA_CERTS: 'a PEM file of additional certificate authorities; Node reads it at start-up',
        EBILL_CLIENT_KEY_PASSPHRASE: 'passphrase of the client key (--client-key), if the key is encrypted',
        NODE_TLS_REJECT_UNAUTHORIZED:
          'ignored: certificates are always verified, although Node prints a warning',
      }),
    ),
    section(
      'Output',
      terms({
        EBILL_NOTIFY_URL: 'the URL of --notify-url, a secret',
        NO_COLOR: 'no colour; --color takes precedence',
        FORCE_COLOR: 'colour without a terminal too; 0 for none. --color and NO_COLOR take precedence',
        CI: 'no colour, no prompts, no animation; 0, false and empty count as not set',
        TERM: 'dumb: no colour and no animation; linux: ASCII symbols only',
      }),
    ),
    section(
      'Set by the platform or a CI system',
      terms({
        'XDG_CONFIG_HOME, XDG_STATE_HOME':
          'Linux: where the folders of profiles and of journals are, without EBILL_HOME',
        'APPDATA, LOCALAPPDATA': 'the same on Windows',
        MSYSTEM: 'Windows: set by Git Bash; commands to copy are quoted for bash',
        'PSModulePath, PROMPT':
          'Windows: which shell it is, PowerShell or cmd; commands to copy are quoted for it',
        'WT_SESSION, TERM_PROGRAM': 'Windows: the terminal supports more than ASCII symbols',
        'GITHUB_ACTIONS, TF_BUILD': 'GitHub and Azure Pipelines; see the next two',
        'TEAMCITY_VERSION, GITLAB_CI':
          'the CI system: run and watch write its annotations and groups (ebill help ci), and no text from a server is read as a command of any CI system. They imply CI',
        GITHUB_STEP_SUMMARY: 'the file to which run and watch add a table of the batches',
      }),
    ),
    section(
      'Set for the command of --notify',
      terms({
        EBILL_OUTCOME: 'the outcome, such as partial',
        EBILL_EXIT_CODE: 'the exit code',
        EBILL_JOB: 'the load',
      }),
      'EBILL_TOKEN, EBILL_TOKEN_COMMAND, EBILL_PASSWORD, EBILL_NOTIFY_URL and EBILL_CLIENT_KEY_PASSPHRASE are not passed to it, and HTTPS_PROXY and the like without user and password.',
    ),
    examples(
      [
        'export EBILL_BASE_URL=https://ebill.example.com EBILL_JOB=AUG_2020',
        'set up a CI job; EBILL_TOKEN comes from its secrets',
      ],
      ['EBILL_PROFILE=test ebill status', 'use another profile for one command'],
    ),
    seeAlso('help security', 'profile add', 'profile use'),
  ],
};
