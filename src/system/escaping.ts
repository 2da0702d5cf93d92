import type { Context } from './context.ts';

/**
 * Control and invisible characters: C0 and C1 controls, line and paragraph separators, bidi marks, embeddings, overrides and
 * isolates, BOM, zero-width and other characters without a glyph, tags, lone surrogates. Not among them are a joiner that a
 * script or an emoji needs, and the first variation selector after a character: both change what is seen.
 */
export const UNSAFE =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff\u{1bca0}-\u{1bca3}\u{1d173}-\u{1d17a}\u{e0000}-\u{e00ff}]|\u034f|(?<![\p{M}\p{Extended_Pictographic}\p{Emoji_Modifier}\p{sc=Arab}\p{sc=Syrc}\p{sc=Mong}])[\u200c\u200d]|(?<=[\ufe00-\ufe0f\u{e0100}-\u{e01ef}])[\ufe00-\ufe0f\u{e0100}-\u{e01ef}]/gu;

/** Each UTF-16 unit as `\uXXXX`. */
export function escaped(char: string): string {
  let units = '';
  for (let i = 0; i < char.length; i++) units += `\\u${char.charCodeAt(i).toString(16).padStart(4, '0')}`;
  return units;
}

/** Text from outside made safe for a terminal: a tab as `\t`, other control, bidi and invisible characters as `\uXXXX` (commands rule 4). */
export function visible(text: string): string {
  return text.replace(UNSAFE, (char) => (char === '\t' ? '\\t' : escaped(char)));
}

/** The tabs that indent a line as blanks; others are for `visible` to show. */
export const indented = (line: string): string => line.replace(/^\t+/, (tabs) => '  '.repeat(tabs.length));

/** The colours that the program itself writes, line breaks and tabs. */
const LAYOUT = /^(?:\u001b\[(?:0|1|2|22|39|3[1-6]|90)m|[\n\t])/;

/** Text with its colours and lines made safe for a terminal: what a command did not clean itself is escaped here. */
export function visibleText(text: string): string {
  return text.replace(UNSAFE, (char, at: number) =>
    LAYOUT.test(text.slice(at, at + 6)) ? char : escaped(char),
  );
}

/** A message as one line: line breaks become spaces, before `visible` would escape them. */
export function oneLine(text: string): string {
  return text.replace(/\s*[\n\v\f\r\u0085\u2028\u2029]\s*/gu, ' ').trim();
}

/**
 * The start of a text from outside, on one line. The `…` stands where it was cut, right after what may be the start of a
 * secret: the redactor hides that.
 */
export function excerpt(text: string, most: number): string {
  const start = visible(oneLine(text.slice(0, 2 * most)));
  if (text.length <= 2 * most && start.length <= most) return start;
  // Between characters: never within a surrogate pair or an escape.
  return `${start.slice(0, most - 1).replace(/[\ud800-\udbff]$|\\(?:u[\da-f]{0,3})?$/u, '')}…`;
}

/**
 * A text in which no CI runner finds a command: `::name …::` where a line begins, blanks passed over (GitHub), anywhere in a
 * line `##[name …]` (GitHub, Azure), `##vso[…]` (Azure), `##teamcity[…]`, and the section markers of GitLab.
 */
export function withoutCommands(text: string): string {
  return text
    .replace(/^(\s*):(?=:)/gm, '$1: ')
    .replace(/##(?=[^\s[\]]{0,40}\[)/g, '## ')
    .replace(/(section_(?:start|end)):/gi, '$1 :');
}

/** Where a printed command line will be typed. */
export type Terminal = Pick<Context, 'platform' | 'env'>;

/**
 * Quotes a word of a printed command line for the shell at hand, so that nothing in it is expanded (commands rule 4). A line
 * break is shown, not kept: what follows it would be a line of its own.
 */
export function quoted(word: string, terminal: Terminal): string {
  const text = word.replace(/[\n\v\f\r\u0085\u2028\u2029]/g, escaped);
  const shell = shellOf(terminal);
  if (shell === 'posix') return quotedForPosix(text);
  if (SAFE_ON_WINDOWS.test(text)) return text;
  return { powershell: quotedForPowerShell, cmd: quotedForCmd, either: quotedForWindows }[shell](text);
}

/**
 * Git Bash sets MSYSTEM. PowerShell adds a folder of the user's documents to its path of modules; cmd sets PROMPT. Otherwise
 * it may be either.
 */
function shellOf({ platform, env }: Terminal): 'posix' | 'powershell' | 'cmd' | 'either' {
  if (platform !== 'win32' || env['MSYSTEM']) return 'posix';
  if (/[\\/]Documents[\\/](?:Windows)?PowerShell[\\/]/i.test(env['PSModulePath'] ?? '')) return 'powershell';
  return env['PROMPT'] ? 'cmd' : 'either';
}

/**
 * zsh reads a word that begins with `=` as the path of a command, and fish a backslash in single quotes as an escape: a
 * backslash and a quote stand outside the quotes, each after a backslash.
 */
const quotedForPosix = (text: string): string =>
  /^(?!=)[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replace(/['\\]/g, "'\\$&'")}'`;

/** PowerShell reads `,`, `@` and `{}` as syntax; cmd splits words at `=` and `;`. */
const SAFE_ON_WINDOWS = /^[\w+:./\\-]+$/;

/** As both read it, where that can be. */
function quotedForWindows(text: string): string {
  // PowerShell expands variables in double quotes. cmd does not know single quotes: here only PowerShell reads it.
  if (/[$`"“”„]/.test(text)) return quotedForPowerShell(text);
  // Programs read a backslash before the closing quote as an escape.
  return `"${text.replace(/\\+$/, '$&$&')}"`;
}

const quotedForPowerShell = (text: string): string => `'${text.replace(/['‘’‚‛]/g, '$&$&')}'`;

/**
 * cmd expands `%NAME%` in quotes too. A `%` stands outside of them after a caret: the name then begins and ends with what no
 * variable has in its name. Programs read `""` in quotes as a quote, and a backslash before one as an escape.
 */
const quotedForCmd = (text: string): string =>
  `"${text.replace(/(\\*)(["%]|$)/g, (_all, slashes: string, char: string) => {
    if (char === '') return slashes + slashes;
    return char === '%' ? `${slashes}${slashes}"^%"` : `${slashes}${slashes}""`;
  })}"`;

/** A line that sets an environment variable for the next commands in the shell. */
export function assignment(name: string, value: string, terminal: Terminal): string {
  const shell = shellOf(terminal);
  if (shell === 'posix') return `export ${name}=${quoted(value, terminal)}`;
  if (shell === 'cmd') return `set ${quotedForCmd(`${name}=${value}`)}`;
  return `$env:${name} = ${quotedForPowerShell(value)}`;
}
