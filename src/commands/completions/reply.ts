import type { Context } from '../../system/context.ts';
import { quotedForBash, readBashLine } from './bash-line.ts';
import { candidates } from './candidates.ts';
import type { Shell } from './shells.ts';
import type { Candidate, Wanted } from './wanted.ts';

/**
 * What a shell's script is told, line by line. The first says what may stand there: `words`, `nospace` (bash: words to
 * be gone on with), `files EXTENSION…`, `folders`, or `shell` (whatever the shell makes of it by itself). Then, for words,
 * a line for each, in the form that shell takes; for files in bash the path typed so far, and what of it stays as it is.
 * @param words what the script passed on (see scripts.ts)
 */
export async function reply(
  shell: Shell,
  words: readonly string[],
  context: Context,
): Promise<readonly string[]> {
  if (shell === 'bash') return bashReply(words, context);
  const last = words.at(-1) ?? '';
  // PowerShell loses empty words on the way to a program, so the last one comes with a mark; and with its quote.
  const typed = shell === 'powershell' ? last.replace(/^=['"]?/, '') : last;
  const { wanted, prefix } = await candidates(context, words.slice(0, -1), typed);
  return replyOf(wanted, (list) =>
    shell === 'powershell'
      ? fitting(list, typed.slice(prefix.length)).map((one) => powershellLine(one, prefix))
      : list.map((one) => (shell === 'zsh' ? zshLine(one) : fishLine(one, prefix))),
  );
}

/** bash tells the line and its word breaks; it is told exactly what to put in place of the part it replaces. */
async function bashReply(
  [line = '', breaks = '']: readonly string[],
  context: Context,
): Promise<readonly string[]> {
  const { before, typed, quote, kept, expands } = readBashLine(line, breaks);
  if (expands) return ['shell'];
  const { wanted, prefix } = await candidates(context, before.slice(1), typed);
  const value = typed.slice(prefix.length);
  if (wanted.type !== 'words') {
    const own = Math.max(0, kept - prefix.length);
    return [...replyOf(wanted, () => []), value, value.slice(0, own)];
  }
  const left = (one: Candidate): string => `${prefix}${one.value}`.slice(kept);
  // Between double quotes a ! can only stand after something (see quotedForBash): readline takes a quote for its own.
  const list = fitting(wanted.list, value).filter((one) => quote !== '"' || !left(one).startsWith('!'));
  const goesOn = list.length > 0 && list.every((one) => /[:=]$/.test(one.value));
  return [goesOn ? 'nospace' : 'words', ...list.map((one) => quotedForBash(left(one), quote))];
}

function replyOf(wanted: Wanted, show: (list: readonly Candidate[]) => readonly string[]): readonly string[] {
  if (wanted.type === 'files') return [['files', ...wanted.extensions].join(' ')];
  if (wanted.type === 'folders') return ['folders'];
  return ['words', ...show(wanted.list)];
}

const fitting = (list: readonly Candidate[], typed: string): readonly Candidate[] =>
  list.filter(({ value }) => value.startsWith(typed));

/** `VALUE:ABOUT`, for _describe. */
const zshLine = ({ value, about }: Candidate): string => {
  const name = value.replace(/[\\:]/g, '\\$&');
  return about === '' ? name : `${name}:${about}`;
};

const fishLine = ({ value, about }: Candidate, prefix: string): string => `${prefix}${value}\t${about}`;

/** What to insert, what to list, and what to explain it with, which must not be empty. */
function powershellLine({ value, about }: Candidate, prefix: string): string {
  const whole = `${prefix}${value}`;
  const plain = /^[\p{L}\p{N}_./:=-]+$/u.test(whole);
  return [plain ? whole : `'${whole.replaceAll("'", "''")}'`, value, about || value].join('\t');
}
