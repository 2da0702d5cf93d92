import { access, constants, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { EbillError } from '../../errors.ts';
import { parseAuthKind, parseProxy } from '../../profile/auth.ts';
import type { Changes } from '../../profile/edit.ts';
import {
  parseHeader,
  parseQuery,
  parseRecordStatus,
  parseStatusName,
  STATUS_PHASES,
} from '../../profile/pairs.ts';
import { checkOrganisation, checkProfileName } from '../../profile/profile.ts';
import type { Context } from '../../system/context.ts';
import { visible } from '../../system/escaping.ts';
import { boolFlag, collect, type Flags, listFlag, textFlag } from '../shared/options.ts';
import { columnOptions, declareColumnOption } from '../shared/upload-options.ts';

/** The options of `profile add` and `profile set`. File names are as given; `run` makes them absolute. */
export interface ProfileFlags {
  /** Everything except the base URL, which is a global option. */
  readonly changes: Omit<Changes, 'baseUrl'>;
  /** The secret that standard input holds. */
  readonly stdin: 'password' | 'token' | null;
  readonly use: boolean;
}

export interface ProfileOptions extends ProfileFlags {
  readonly name: string;
}

/** @param name optional where the command can ask for it */
export function declareFlags(command: Command, name: '<name>' | '[name]'): void {
  command
    .argument(name, "the profile's name: letters, digits, dots, dashes, underscores")
    .option(
      '--organisation <name>',
      'which organisation, where one base URL serves several: each has its own loads. The name is not sent',
    )
    .optionsGroup('Authorisation:')
    .option('--auth <kind>', 'how to authorise: basic, bearer, header:NAME or none')
    .option('--username <name>', 'username for --auth basic')
    .option('--password-stdin', 'read the password from standard input')
    .option('--token-stdin', 'read the token from standard input')
    .option(
      '--token-command <cmd>',
      'run this command for the token: at the first request, and once more if the server refuses the token',
    )
    .optionsGroup('Requests and answers:')
    .option(
      '--query <K=V>',
      'add a query parameter to every API request; K= removes it (repeatable)',
      collect,
    )
    .option('--header <K=V>', 'add a header to every API request; K= removes it (repeatable)', collect)
    .option(
      '--status-name <NAME=PHASE>',
      `the phase that a status name of this server means: ${STATUS_PHASES.join(', ')}; NAME= removes it (repeatable)`,
      collect,
    )
    .option(
      '--record-status <VALUE=RESULT>',
      'what a value in the status column of a result file means: loaded or rejected; VALUE= removes it (repeatable)',
      collect,
    )
    .optionsGroup('TLS and proxy:')
    .option('--ca-file <file>', 'also trust the certificate authorities in this PEM file')
    .option('--client-cert <file>', 'present this client certificate (PEM)')
    .option(
      '--client-key <file>',
      'key of the client certificate (PEM); set EBILL_CLIENT_KEY_PASSPHRASE if it is encrypted',
    )
    .option('--proxy <url>', 'connect through this http or https proxy')
    .option('--allow-insecure', 'allow plain http to this server')
    .optionsGroup('Options:')
    .option(
      '--production',
      'mark as production: commands that write ask first, and warnings about files stop them (--strict)',
    )
    .option('--use', 'make this the default profile')
    .optionsGroup('Checks across files:');
  declareColumnOption(command);
  command.optionsGroup('Options:');
}

/** Options of `profile set` that undo others. */
export function declareUnsetFlags(command: Command): void {
  command
    .option('--no-organisation', 'the server has one organisation')
    .optionsGroup('Authorisation:')
    .option('--no-token-command', 'remove the token command')
    .optionsGroup('TLS and proxy:')
    .option('--no-ca-file', 'trust only the usual certificate authorities')
    .option('--no-client-cert', 'present no client certificate')
    .option('--no-client-key', 'remove the client key')
    .option('--no-proxy', 'remove the proxy of this profile')
    .option('--no-allow-insecure', 'refuse plain http again')
    .optionsGroup('Options:')
    .option('--no-production', 'no longer mark as production');
}

/** @throws EbillError USAGE */
export function profileOptions(args: readonly unknown[], flags: Flags): ProfileOptions {
  return { name: checkProfileName(String(args[0] ?? '')), ...profileFlags(flags) };
}

/** The options without the name. @throws EbillError USAGE */
export function profileFlags(flags: Flags): ProfileFlags {
  const auth = textFlag(flags, 'auth');
  const password = boolFlag(flags, 'passwordStdin');
  const token = boolFlag(flags, 'tokenStdin');
  if (password && token) {
    throw new EbillError('USAGE', '--password-stdin and --token-stdin cannot be used together.', {
      hint: 'Use a password with --auth basic, a token with bearer or header:NAME.',
    });
  }
  const tokenCommand = removable(flags, 'tokenCommand', (command) => command);
  if (typeof tokenCommand === 'string' && (password || token)) {
    throw new EbillError(
      'USAGE',
      `--token-command and ${token ? '--token-stdin' : '--password-stdin'} cannot be used together.`,
      { hint: 'A profile has a token, or a command that prints it.' },
    );
  }
  return {
    changes: {
      organisation: removable(flags, 'organisation', (text) => checkOrganisation(text, '--organisation')),
      auth: auth === null ? undefined : parseAuthKind(auth, '--auth'),
      username: textFlag(flags, 'username') ?? undefined,
      // A token that is stored takes the place of a command.
      tokenCommand: token ? null : tokenCommand,
      query: listFlag(flags, 'query').map(parseQuery),
      headers: listFlag(flags, 'header').map(parseHeader),
      statusNames: listFlag(flags, 'statusName').map(parseStatusName),
      recordStatus: listFlag(flags, 'recordStatus').map(parseRecordStatus),
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

/** commander sets `false` for `--no-…`, which removes the value. */
function removable(flags: Flags, name: string, parse: (text: string) => string): string | null | undefined {
  if (flags[name] === false) return null;
  const given = textFlag(flags, name);
  return given === null ? undefined : parse(given);
}

const checkFile =
  (option: string) =>
  (name: string): string => {
    if (name !== '') return name;
    throw new EbillError('USAGE', `${option} needs a file name.`, { hint: 'Give the path of a PEM file.' });
  };

/** `undefined`: neither the option nor its `--no-…` was given. */
function optionalFlag(flags: Flags, name: string): boolean | undefined {
  const value = flags[name];
  return typeof value === 'boolean' ? value : undefined;
}

type Files = Pick<Changes, 'caFile' | 'clientCert' | 'clientKey'>;

/**
 * Makes the paths of certificate files absolute, so that the profile works from any folder.
 * @throws EbillError USAGE for a path that is not a readable file
 */
export async function absoluteFiles(
  { cwd }: Pick<Context, 'cwd'>,
  { caFile, clientCert, clientKey }: Files,
): Promise<Files> {
  const absolute = async <File extends string | null | undefined>(
    option: string,
    file: File,
  ): Promise<File | string> => {
    if (typeof file !== 'string') return file;
    const path = resolve(cwd, file);
    try {
      if (!(await stat(path)).isFile()) throw new Error('not a file');
      await access(path, constants.R_OK);
      return path;
    } catch (cause) {
      throw new EbillError('USAGE', `${option}: ${visible(path)} is not a readable file.`, {
        hint: 'Check the path and its permissions.',
        cause,
      });
    }
  };
  return {
    caFile: await absolute('--ca-file', caFile),
    clientCert: await absolute('--client-cert', clientCert),
    clientKey: await absolute('--client-key', clientKey),
  };
}
