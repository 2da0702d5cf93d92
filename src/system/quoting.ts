import type { Context } from './context.ts';

/** Where a printed command line will be typed. */
export type Terminal = Pick<Context, 'platform' | 'env'>;

/**
 * Quotes a word of a printed command line for the user's shell. On Windows both cmd and PowerShell read it, unless the shell
 * is a POSIX one (Git Bash sets MSYSTEM).
 */
export function quoted(text: string, { platform, env }: Terminal): string {
  return platform === 'win32' && !env['MSYSTEM'] ? quotedForWindows(text) : quotedForPosix(text);
}

const quotedForPosix = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;

function quotedForWindows(text: string): string {
  // PowerShell reads `,`, `@` and `{}` as syntax; cmd splits words at `=` and `;`.
  if (/^[\w+:./\\-]+$/.test(text)) return text;
  // PowerShell expands variables in double quotes. cmd does not know single quotes: here only PowerShell reads it.
  if (/[$`"“”„]/.test(text)) return `'${text.replace(/['‘’‚‛]/g, '$&$&')}'`;
  // Programs read a backslash before the closing quote as an escape.
  return `"${text.replace(/\\+$/, '$&$&')}"`;
}

/** A line that sets an environment variable for the next commands in the shell. */
export function assignment(name: string, value: string, terminal: Terminal): string {
  if (terminal.platform !== 'win32' || terminal.env['MSYSTEM'])
    return `export ${name}=${quoted(value, terminal)}`;
  return `$env:${name} = '${value.replace(/['‘’‚‛]/g, '$&$&')}'`;
}
