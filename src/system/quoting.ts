import type { Context } from './context.ts';

/** Where a line that is shown is going to be typed. */
export type Terminal = Pick<Context, 'platform' | 'env'>;

/**
 * A word as it has to be typed in the shell at hand, for command lines that are shown to be run. On Windows so that cmd and
 * PowerShell both take it, unless it is in a shell that came with a POSIX one's ways (Git Bash sets MSYSTEM).
 */
export function quoted(text: string, { platform, env }: Terminal): string {
  return platform === 'win32' && !env['MSYSTEM'] ? quotedForWindows(text) : quotedForPosix(text);
}

const quotedForPosix = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;

function quotedForWindows(text: string): string {
  // To PowerShell a comma makes a list, @ and {} mean something; to cmd = and ; part words.
  if (/^[\w+:./\\-]+$/.test(text)) return text;
  // In double quotes PowerShell would look for variables. Nobody's single quotes mean anything to cmd: one of them has to give.
  if (/[$`"“”„]/.test(text)) return `'${text.replace(/['‘’‚‛]/g, '$&$&')}'`;
  // The programs themselves read a backslash before the closing quote as belonging to it.
  return `"${text.replace(/\\+$/, '$&$&')}"`;
}

/** A line that sets a variable for what is run next in the same shell. */
export function assignment(name: string, value: string, terminal: Terminal): string {
  if (terminal.platform !== 'win32' || terminal.env['MSYSTEM'])
    return `export ${name}=${quoted(value, terminal)}`;
  return `$env:${name} = '${value.replace(/['‘’‚‛]/g, '$&$&')}'`;
}
