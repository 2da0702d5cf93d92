/** Words that only a shell knows. */
const SHELL_WORDS = new Set(
  '. : ! source exec eval export cd set unset if for while until case command type alias read trap wait function time'.split(
    ' ',
  ),
);

/** Unquoted, they mean something to a POSIX shell. */
const SPECIAL = /[|&;<>()$`\\*?[\]#~{}!\n\r]/u;
/** The same between double quotes. */
const SPECIAL_QUOTED = /[$`\\!]/u;
/** The same to cmd.exe, which expands variables between quotes too. */
const SPECIAL_WINDOWS = /[|&<>()^%!\n\r]/u;

/**
 * The words of a plain command line, as a shell would split it, to run it without one; `null` when it needs a shell.
 * @returns the program and its arguments
 */
export function splitCommandLine(
  line: string,
  platform: NodeJS.Platform,
): readonly [program: string, ...args: string[]] | null {
  const words = platform === 'win32' ? windowsWords(line) : posixWords(line);
  if (words === null) return null;
  const [program, ...args] = words;
  // An assignment (`A=b program`) is the shell's too.
  if (program === undefined || SHELL_WORDS.has(program) || /^\w+=/u.test(program)) return null;
  return [program, ...args];
}

function posixWords(line: string): readonly string[] | null {
  const words: string[] = [];
  let word: string | null = null;
  for (let rest = line; rest !== ''; ) {
    const quote = /^(?:'([^']*)'|"([^"]*)")/u.exec(rest);
    if (quote !== null) {
      const [all, single, double] = quote;
      if (double !== undefined && SPECIAL_QUOTED.test(double)) return null;
      word = `${word ?? ''}${single ?? double ?? ''}`;
      rest = rest.slice(all.length);
      continue;
    }
    const [char = ''] = rest;
    // A quote that is left open is the shell's to report.
    if (SPECIAL.test(char) || char === '"' || char === "'") return null;
    if (char === ' ' || char === '\t') {
      if (word !== null) words.push(word);
      word = null;
    } else word = `${word ?? ''}${char}`;
    rest = rest.slice(char.length);
  }
  return word === null ? words : [...words, word];
}

/** Words with double quotes around them or a part of them. Scripts (`.cmd`, `.bat`) need the shell. */
function windowsWords(line: string): readonly string[] | null {
  if (SPECIAL_WINDOWS.test(line) || (line.split('"').length - 1) % 2 !== 0) return null;
  const words = [...line.matchAll(/(?:"[^"]*"|[^\s"])+/gu)].map(([word]) => word.replaceAll('"', ''));
  return /\.(?:cmd|bat)$/iu.test(words[0] ?? '') ? null : words;
}
