import type { Command } from 'commander';
import { EbillError } from '../../errors.ts';
import { parseAuthKind } from '../../profile/auth-kind.ts';
import type { Changes } from '../../profile/edit.ts';
import { checkProfileName } from '../../profile/name.ts';
import { parseHeader, parseQuery, parseStatusName, STATUS_PHASES } from '../../profile/pairs.ts';
import { parseProxy } from '../../profile/proxy-url.ts';
import { columnOptions, declareColumnOption } from '../shared/column-options.ts';
import { boolFlag, collect, type Flags, listFlag, textFlag } from '../shared/options.ts';

/** Options of `profile add` and `profile set`. File names are as given; `run` makes them absolute. */
export interface ProfileFlags {
  /** All but the base URL, which is a global option. */
  readonly changes: Omit<Changes, 'baseUrl'>;
  /** Whether standard input holds a secret, and which. */
  readonly stdin: 'password' | 'token' | null;
  readonly use: boolean;
}

export interface ProfileOptions extends ProfileFlags {
  readonly name: string;
}

/**
 * Declares what both commands take (cli.md, `profile`). `--base-url` is declared once, on the program.
 * @param name how the name is declared: it may be left out where it is asked for
 */
export function declareFlags(command: Command, name: '<name>' | '[name]'): void {
  command
    .argument(name, "the profile's name: letters, digits, dots, dashes, underscores")
    .optionsGroup('Authorisation:')
    .option('--auth <kind>', 'how to authorise: basic, bearer, header:NAME or none')
    .option('--username <name>', 'username for basic')
    .option('--password-stdin', 'read the password from standard input')
    .option('--token-stdin', 'read the token from standard input')
    .optionsGroup('Requests and answers:')
    .option(
      '--query <K=V>',
      'add a query parameter to every API request; K= takes it out (repeatable)',
      collect,
    )
    .option('--header <K=V>', 'add a header to every API request; K= takes it out (repeatable)', collect)
    .option(
      '--status-name <NAME=PHASE>',
      `what a status name of this server means: ${STATUS_PHASES.join(', ')}; NAME= takes it out (repeatable)`,
      collect,
    )
    .optionsGroup('TLS and proxy:')
    .option('--ca-file <file>', 'trust the certificate authorities in this PEM file as well')
    .option('--client-cert <file>', 'present this client certificate (PEM)')
    .option(
      '--client-key <file>',
      'the key of the client certificate (PEM); EBILL_CLIENT_KEY_PASSPHRASE opens a locked one',
    )
    .option('--proxy <url>', 'go through this http(s) proxy')
    .option('--allow-insecure', 'allow plain http to this server')
    .optionsGroup('Options:')
    .option('--production', 'mark as production')
    .option('--use', 'use this profile from now on when none is named')
    .optionsGroup('Checks across files:');
  declareColumnOption(command);
  command.optionsGroup('Options:');
}

/** The other way round, for `profile set`. */
export function declareUnsetFlags(command: Command): void {
  command
    .optionsGroup('TLS and proxy:')
    .option('--no-ca-file', 'trust the usual certificate authorities alone')
    .option('--no-client-cert', 'present no client certificate')
    .option('--no-client-key', 'forget where the client key is')
    .option('--no-proxy', 'go without the proxy of this profile')
    .option('--no-allow-insecure', 'refuse plain http again')
    .optionsGroup('Options:')
    .option('--no-production', 'no longer mark as production');
}

/** argv, as commander leaves it → options. Nothing is read but the arguments. Throws `USAGE`. */
export function profileOptions(args: readonly unknown[], flags: Flags): ProfileOptions {
  return { name: checkProfileName(String(args[0] ?? '')), ...profileFlags(flags) };
}

/** The same without the name. Throws `USAGE`. */
export function profileFlags(flags: Flags): ProfileFlags {
  const auth = textFlag(flags, 'auth');
  const password = boolFlag(flags, 'passwordStdin');
  const token = boolFlag(flags, 'tokenStdin');
  if (password && token) {
    throw new EbillError('USAGE', '--password-stdin and --token-stdin exclude each other.', {
      hint: 'basic takes a password, bearer and header:NAME a token.',
    });
  }
  return {
    changes: {
      auth: auth === null ? undefined : parseAuthKind(auth, '--auth'),
      username: textFlag(flags, 'username') ?? undefined,
      query: listFlag(flags, 'query').map(parseQuery),
      headers: listFlag(flags, 'header').map(parseHeader),
      statusNames: listFlag(flags, 'statusName').map(parseStatusName),
      columns: columnOptions(flags),
      caFile: removable(flags, 'caFile', checkFile('--ca-file')),
      clientCert: removable(flags, 'clientCert', checkFile('--client-cert')),
      clientKey: removable(flags, 'clientKey', checkFile('--client-key')),
      proxy: removable(flags, 'proxy', parseProxy),
      allowInsecure: optionalFlag(flags, 'allowInsecure'),
      production: optionalFlag(flags, 'production'),
    },
    stdin: password ? 'password' : token ? 'token' : null,
    use: boolFlag(flags, 'use'),
  };
}

/** `false` is what commander makes of `--no-…`: to be taken out. */
function removable(flags: Flags, name: string, parse: (text: string) => string): string | null | undefined {
  if (flags[name] === false) return null;
  const given = textFlag(flags, name);
  return given === null ? undefined : parse(given);
}

const checkFile =
  (option: string) =>
  (name: string): string => {
    if (name !== '') return name;
    throw new EbillError('USAGE', `${option} names no file.`, { hint: 'Name a PEM file.' });
  };

/** Given, given as `--no-…`, or not at all. */
function optionalFlag(flags: Flags, name: string): boolean | undefined {
  const value = flags[name];
  return typeof value === 'boolean' ? value : undefined;
}
