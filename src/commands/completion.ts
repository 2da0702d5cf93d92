import { Argument } from 'commander';
import { EbillError } from '../errors.ts';
import type { Context } from '../system/context.ts';
import {
  type Candidate,
  type Completions,
  quotedForBash,
  readBashLine,
  SCRIPTS,
  SHELLS,
  type Shell,
} from './completion/shells.ts';
import { type CommandModule, EMPTY_RESULT, type Registry } from './shared/command.ts';

/** Print a shell's script, or answer what that script asks while somebody types. */
type CompletionOptions =
  | { readonly type: 'script'; readonly shell: Shell }
  /** `words`: as the script passes them on (completion/shells.ts). */
  | { readonly type: 'complete'; readonly shell: Shell; readonly words: readonly string[] };

/** Gets the list of commands from that list: imported here, it would import itself. */
export const completionCommand = (registry: Registry): CommandModule<CompletionOptions> => ({
  help: {
    notes: [
      `Completes commands, options and their values, profiles, loads and topics; file names are left to the shell. Install it once, it needs no update with ebill:
bash        ebill completion bash >> ~/.bashrc
zsh         ebill completion zsh >> ~/.zshrc
fish        ebill completion fish > ~/.config/fish/completions/ebill.fish
PowerShell  ebill completion powershell >> $PROFILE`,
      `In zsh the script has to come after compinit. For the current session only:
eval "$(ebill completion bash)"
ebill completion fish | source`,
    ],
    examples: [
      ['ebill completion bash >> ~/.bashrc', 'install it for bash, 3.2 or newer'],
      ['ebill completion zsh >> ~/.zshrc', 'install it for zsh'],
      ['ebill completion fish', 'print the script for fish'],
    ],
    exitCodes: [],
    seeAlso: ['loads', 'profile list', 'help environment'],
  },
  configure: (cmd) => {
    cmd
      .description('Print a script that completes ebill commands in your shell.')
      .addArgument(new Argument('<shell>', `one of ${SHELLS.join(', ')}`))
      .addArgument(new Argument('[words...]'));
  },
  options: ([first, ...words]) => {
    const complete = first === 'complete';
    const shell = SHELLS.find((one) => one === (complete ? words[0] : first));
    if (shell !== undefined && complete)
      return { type: 'complete', shell, words: words.slice(1).map(String) };
    if (shell !== undefined) return { type: 'script', shell };
    throw new EbillError('USAGE', 'There is no completion for that shell.', {
      hint: `Name one of ${SHELLS.join(', ')}: ebill completion bash`,
    });
  },
  run: async (app, options) => {
    if (options.type === 'script') return { ...EMPTY_RESULT, text: SCRIPTS[options.shell].trimEnd() };
    const lines = await reply(registry, options.shell, options.words, app.context);
    return { ...EMPTY_RESULT, text: lines.join('\n') };
  },
});

/**
 * The answer to a shell's script, line by line. The first line says what follows: `words`, `nospace` (bash: words to
 * which no space is added), `files EXTENSION…`, `folders`, or `shell` (leave it to the shell). Words come one a line in
 * the shell's own format. For files in bash: the path typed so far, and the part of it that bash keeps.
 * @param words what the script passed on
 */
export async function reply(
  registry: Registry,
  shell: Shell,
  words: readonly string[],
  context: Context,
): Promise<readonly string[]> {
  const { candidates } = await import('./completion/candidates.ts');
  const complete = (before: readonly string[], typed: string) => candidates(registry, context, before, typed);
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
  complete: (
    before: readonly string[],
    typed: string,
  ) => Promise<{ readonly completions: Completions; readonly prefix: string }>,
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
