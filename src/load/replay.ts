import { readFile, stat } from 'node:fs/promises';
import { EbillError, errnoOf, messageOf } from '../errors.ts';
import { type Entry, type Header, isEntry, isKnown, JOURNAL_VERSION } from './entries.ts';
import { apply, emptyState, type LoadState } from './state.ts';

/**
 * What a load's journal says; `null` when there is none (or only a torn first line: nothing was sent yet then).
 * @throws EbillError CONFLICT when it is a newer program's or no journal, USAGE when it cannot be read
 */
export async function readJournal(path: string): Promise<LoadState | null> {
  let text: string;
  try {
    // A device or a pipe of that name would be read without end.
    if (!(await stat(path)).isFile()) throw new Error('it is no file');
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return null;
    throw new EbillError('USAGE', `The journal ${path} cannot be read: ${messageOf(cause)}.`, {
      hint: 'Check the permissions of that file, or set EBILL_HOME.',
      cause,
    });
  }
  return replay(text, path);
}

/** Pure: the lines of a journal, folded. A line cut by a crash was never acted on and is passed over. */
export function replay(text: string, path: string): LoadState | null {
  const lines = text.split('\n');
  const start = lines.findIndex((line) => parsed(line) !== undefined);
  const header = start < 0 ? undefined : (parsed(lines[start] ?? '') as Partial<Header> | undefined);
  if (header === undefined) return null;
  assertReadable(header, path);
  let state = emptyState(header);
  // One entry at a time: a long journal need not be in memory twice.
  for (let i = start + 1; i < lines.length; i++) {
    const entry = wholeEntry(lines[i] ?? '', i + 1, path);
    if (entry !== null) state = apply(state, entry);
  }
  return state;
}

/** The entries of a journal, the header, torn and damaged lines left out. */
export function entriesOf(text: string): readonly Entry[] {
  return text.split('\n').map(parsed).filter(isEntry);
}

function parsed(line: string): unknown {
  if (line.trim() === '') return undefined;
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** An entry of a type this program knows; others are a newer program's. @throws EbillError CONFLICT for one that is damaged */
function wholeEntry(line: string, number: number, path: string): Entry | null {
  const value = parsed(line);
  if (!isKnown(value)) return null;
  if (isEntry(value)) return value;
  throw new EbillError('CONFLICT', `Line ${number} of the journal ${path} is damaged.`, {
    hint: 'Bring back that file as it was, or move it away: the load is then looked up on the server by its job ids.',
  });
}

function assertReadable(header: Partial<Header>, path: string): asserts header is Header {
  const version = header.ebillJournal;
  if (typeof version === 'number' && version > JOURNAL_VERSION) {
    throw new EbillError(
      'CONFLICT',
      `The journal ${path} was written by a newer ebill (format ${version}, this one reads ${JOURNAL_VERSION}).`,
      {
        hint: 'Update ebill on this machine, then run the same command again.',
      },
    );
  }
  if (
    version !== JOURNAL_VERSION ||
    typeof header.job !== 'string' ||
    typeof header.baseUrl !== 'string' ||
    typeof header.startedAt !== 'string'
  ) {
    throw new EbillError('CONFLICT', `${path} is no journal of ebill.`, {
      hint: 'Move that file away. The load is then looked up on the server by its job ids.',
    });
  }
}
