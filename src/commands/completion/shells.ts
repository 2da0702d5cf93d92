/** The shells with a completion script. */
export const SHELLS = ['bash', 'zsh', 'fish', 'powershell'] as const;
export type Shell = (typeof SHELLS)[number];

export interface Candidate {
  readonly value: string;
  /** A few words; may be empty. */
  readonly description: string;
}

/** What can complete a word. */
export type Completions =
  | { readonly type: 'words'; readonly list: readonly Candidate[] }
  /** Left to the shell. Without extensions: any file. */
  | { readonly type: 'files'; readonly extensions: readonly string[] }
  | { readonly type: 'folders' };

export interface Candidates {
  readonly completions: Completions;
  /** The start of the typed word that the candidates do not contain: `--color=` of `--color=al`. */
  readonly prefix: string;
}

/** @param before the words after `ebill`, without quotes */
type Complete = (before: readonly string[], typed: string) => Promise<Candidates>;

/**
 * The answer to a shell's script, line by line. The first line says what follows: `words`, `nospace` (bash: words to
 * which no space is added), `files EXTENSION…`, `folders`, or `shell` (leave it to the shell). Words come one a line in
 * the shell's own format. For files in bash: the path typed so far, and the part of it that bash keeps.
 * @param words what the script passed on
 */
export async function shellReply(
  shell: Shell,
  words: readonly string[],
  complete: Complete,
): Promise<readonly string[]> {
  if (shell === 'bash') return bashReply(words, complete);
  const last = words.at(-1) ?? '';
  // PowerShell drops empty arguments, so its script puts a = before the last word, which keeps its opening quote.
  const typed = shell === 'powershell' ? last.replace(/^=['"]?/, '') : last;
  const { completions, prefix } = await complete(words.slice(0, -1), typed);
  return replyLines(completions, (list) =>
    shell === 'powershell'
      ? matching(list, typed.slice(prefix.length)).map((one) => powershellLine(one, prefix))
      : list.map((one) => (shell === 'zsh' ? zshLine(one) : fishLine(one, prefix))),
  );
}

/** bash passes the line and its word breaks; the answer is the exact text for the part of the word that bash replaces. */
async function bashReply(
  [line = '', breaks = '']: readonly string[],
  complete: Complete,
): Promise<readonly string[]> {
  const { before, typed, quote, kept, expands } = readBashLine(line, breaks);
  if (expands) return ['shell'];
  const { completions, prefix } = await complete(before.slice(1), typed);
  const value = typed.slice(prefix.length);
  if (completions.type !== 'words') {
    const own = Math.max(0, kept - prefix.length);
    return [...replyLines(completions, () => []), value, value.slice(0, own)];
  }
  const rest = (one: Candidate): string => `${prefix}${one.value}`.slice(kept);
  // In double quotes ! is written "'!'" (quotedForBash); at the start readline would take that quote for its own.
  const list = matching(completions.list, value).filter((one) => quote !== '"' || !rest(one).startsWith('!'));
  const incomplete = list.length > 0 && list.every((one) => /[:=]$/.test(one.value));
  return [incomplete ? 'nospace' : 'words', ...list.map((one) => quotedForBash(rest(one), quote))];
}

function replyLines(
  completions: Completions,
  lines: (list: readonly Candidate[]) => readonly string[],
): readonly string[] {
  if (completions.type === 'files') return [['files', ...completions.extensions].join(' ')];
  if (completions.type === 'folders') return ['folders'];
  return ['words', ...lines(completions.list)];
}

const matching = (list: readonly Candidate[], typed: string): readonly Candidate[] =>
  list.filter(({ value }) => value.startsWith(typed));

/** `VALUE:DESCRIPTION`, for _describe. */
const zshLine = ({ value, description }: Candidate): string => {
  const name = value.replace(/[\\:]/g, '\\$&');
  return description === '' ? name : `${name}:${description}`;
};

const fishLine = ({ value, description }: Candidate, prefix: string): string =>
  `${prefix}${value}\t${description}`;

/** The text to insert, the text to list, and the tooltip, which must not be empty. */
function powershellLine({ value, description }: Candidate, prefix: string): string {
  const whole = `${prefix}${value}`;
  const plain = /^[\p{L}\p{N}_./:=-]+$/u.test(whole);
  return [plain ? whole : `'${whole.replaceAll("'", "''")}'`, value, description || value].join('\t');
}

/** A bash command line up to the cursor. */
interface BashLine {
  /** The words before the one being typed, without quotes. */
  readonly before: readonly string[];
  /** The word being typed, without quotes. */
  readonly typed: string;
  /** The quote still open at the end of the line. */
  readonly quote: '"' | "'" | null;
  /** How many characters of `typed` come before the part that bash replaces. */
  readonly kept: number;
  /** The word has something for bash to expand (`$HOME`, a backquote), so its value is unknown. */
  readonly expands: boolean;
}

/**
 * Reads a line as bash does: quotes and backslashes; nothing is expanded or run. The part that bash replaces begins after
 * the open quote, else after the last unquoted word break (`=`, `:` …) of the word.
 * @param breaks `COMP_WORDBREAKS`
 */
export function readBashLine(line: string, breaks: string): BashLine {
  const words: string[] = [];
  let word = '';
  let begun = false;
  let quote: '"' | "'" | null = null;
  let afterBreak = 0;
  let afterQuote = 0;
  let expands = false;
  for (let i = 0; i < line.length; i += 1) {
    const char = line[i] ?? '';
    if (quote === null && /[\s;|&()<>]/.test(char)) {
      if (begun) words.push(word);
      word = '';
      begun = false;
      afterBreak = 0;
      expands = false;
      continue;
    }
    begun = true;
    if (quote === null ? char === '"' || char === "'" : char === quote) {
      quote = quote === null ? (char as '"' | "'") : null;
      afterQuote = word.length;
      continue;
    }
    const next = line[i + 1] ?? '';
    if (char === '\\' && quote !== "'" && (quote === null || (next !== '' && '"\\$`'.includes(next)))) {
      word += next;
      i += 1;
      continue;
    }
    expands ||= quote !== "'" && '$`'.includes(char);
    word += char;
    if (quote === null && breaks.includes(char)) afterBreak = word.length;
  }
  return { before: words, typed: word, quote, kept: quote === null ? afterBreak : afterQuote, expands };
}

/**
 * Quotes a value as the rest of a bash word.
 * @param quote the quote that is open around it; bash closes it
 */
export function quotedForBash(text: string, quote: '"' | "'" | null): string {
  if (quote === "'") return text.replaceAll("'", "'\\''");
  // Inside double quotes a backslash does not protect ! from history expansion.
  if (quote === '"') return text.replace(/["\\$`]/g, '\\$&').replaceAll('!', `"'!'"`);
  return text.replace(/[^\p{L}\p{M}\p{N}_@%+=:,./-]/gu, '\\$&').replace(/^(?=~)/, '\\');
}

/**
 * The completion scripts. Each asks `ebill completion complete SHELL -- WORDS…` and passes the answer on. The script never
 * evaluates what was typed and never runs what was answered. None of them needs an add-on such as bash-completion.
 */
export const SCRIPTS: Readonly<Record<Shell, string>> = {
  bash: `# ebill completion for bash (3.2 and newer)
_ebill() {
  local kind= typed kept line
  COMPREPLY=()
  {
    IFS= read -r kind
    while IFS= read -r line; do COMPREPLY[\${#COMPREPLY[@]}]="$line"; done
  } < <(ebill completion complete bash -- "\${COMP_LINE:0:COMP_POINT}" "$COMP_WORDBREAKS" 2>/dev/null </dev/null)
  case "$kind" in
    words) compopt +o default +o bashdefault 2>/dev/null ;;
    nospace) compopt +o default +o bashdefault -o nospace 2>/dev/null ;;
    files*|folders)
      typed="\${COMPREPLY[0]}" kept="\${COMPREPLY[1]}"
      COMPREPLY=()
      # Without compopt (bash 3.2), or without a match, bash completes files by itself.
      [ "$kind" = files ] && return 0
      case "$typed" in '~'*) return 0 ;; esac
      compopt -o filenames 2>/dev/null || return 0
      for line in "$typed"*; do
        [ -d "$line" ] || case " \${kind#files} " in *" \${line##*.} "*) [ -e "$line" ] ;; *) false ;; esac || continue
        COMPREPLY[\${#COMPREPLY[@]}]="\${line#"$kept"}"
      done ;;
  esac
  return 0
}
complete -o bashdefault -o default -F _ebill ebill
`,
  zsh: `#compdef ebill
# ebill completion for zsh
_ebill() {
  local -a lines open
  local kind
  # (Q) removes quotes and expands nothing.
  lines=("\${(@f)$(ebill completion complete zsh -- "\${(@Q)words[2,CURRENT-1]}" "\${(Q)PREFIX}" 2>/dev/null </dev/null)}")
  kind="\${lines[1]}"
  shift lines
  [[ "$PREFIX" == --*=* ]] && compset -P 1 '*='
  case "$kind" in
    words)
      # Words that end in = or : are incomplete: no space after them.
      open=("\${(@M)lines:#*(=|\\\\:)}")
      lines=("\${(@)lines:#*(=|\\\\:)}")
      _describe -V ebill lines -- open -S '' ;;
    'files '*) _files -g "*.(\${\${kind#files }// /|})(-.)" ;;
    files) _files ;;
    folders) _files -/ ;;
  esac
}
if [[ "\${funcstack[1]}" == _ebill ]]; then
  _ebill "$@"
elif (( \${+functions[compdef]} )); then
  compdef _ebill ebill
fi
`,
  fish: `# ebill completion for fish
function __ebill_complete
  set -l words (commandline -opc)
  set -e words[1]
  set -l typed (commandline -ct)
  set -l lines (ebill completion complete fish -- $words "$typed" 2>/dev/null </dev/null)
  set -l kind $lines[1]
  set -e lines[1]
  # fish completes files for a command it does not know.
  switch "$kind"
    case 'files *'
      set -l all (complete -C "__ebill_no_such_command $typed")
      set -l ends (string replace -a ' ' '|' -- (string sub -s 7 -- $kind))
      set -l fitting (string match -ri -- '^[^\\t]*(?:/|\\.(?:'$ends'))(?:\\t.*)?$' $all)
      # No file with that extension: offer any file.
      test (count $fitting) -gt 0 && set all $fitting
      string join \\n -- $all
    case files
      complete -C "__ebill_no_such_command $typed"
    case folders
      complete -C "__ebill_no_such_command $typed" | string match -r '.*/$'
    case '*'
      string join \\n -- $lines
  end
end
complete -c ebill -f -k -a '(__ebill_complete)'
`,
  powershell: `# ebill completion for PowerShell
Register-ArgumentCompleter -Native -CommandName ebill -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $words = @($commandAst.CommandElements | Select-Object -Skip 1 |
    Where-Object { $_.Extent.EndOffset -lt $cursorPosition } |
    ForEach-Object { if ($_ -is [System.Management.Automation.Language.StringConstantExpressionAst]) { $_.Value } else { $_.Extent.Text } })
  $encoding = [Console]::OutputEncoding
  try {
    [Console]::OutputEncoding = [System.Text.Encoding]::UTF8
    # Without the = an empty last word would be lost, and without quotes the -- where npm made ebill a script.
    $lines = @(ebill completion complete powershell '--' @words "=$wordToComplete" 2>$null)
  } catch {
    return
  } finally {
    [Console]::OutputEncoding = $encoding
  }
  # Without an answer PowerShell completes files by itself.
  if ($lines.Count -gt 0 -and $lines[0] -eq 'words') {
    $lines | Select-Object -Skip 1 | ForEach-Object {
      $text, $value, $about = $_ -split "\`t"
      [System.Management.Automation.CompletionResult]::new($text, $value, 'ParameterValue', $about)
    }
  }
}
`,
};
