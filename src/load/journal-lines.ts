import { EbillError } from '../errors.ts';
import { apply } from './apply-entry.ts';
import { type Entry, type Header, isDecision, isEntry, isKnown, JOURNAL_VERSION } from './entries.ts';
import { cutOff, isTornEnd, lineOf, readLine, TORN } from './journal-line.ts';
import { emptyState, type LoadState } from './state.ts';

/**
 * A journal's bytes, read line by line and checked (load rule 3). A line that is skipped could be a request that was sent,
 * so only a line that a crash cut off before its request left may be skipped. Pure.
 */

/** A line that cannot be relied on. */
export interface Damage {
  /** From 1. */
  readonly line: number;
  readonly reason: string;
  /** The text of a line that cannot be read; `null` where the line says only that others are missing. */
  readonly text: string | null;
}

interface Reading {
  /** The first line; `null` when none was written completely: nothing was sent then. */
  readonly header: Readonly<Record<string, unknown>> | null;
  readonly damage: readonly Damage[];
  /** How many requests the numbers show to be missing. */
  readonly missing: number;
  /** Whether a decision is missing, or is there twice. */
  readonly undecided: boolean;
}

/** Names damaged lines that the operator has given up: `--adopt` asks the server instead. */
export const SKIPPED = 'skipped';

/** A line that cannot be read, until it is known whether a crash cut it off. */
interface Unreadable extends Omit<Damage, 'text'> {
  readonly text: string;
  /** Bytes. */
  readonly size: number;
  /** A newline follows. */
  readonly ended: boolean;
  /** The number of the next intent, if no intent is missing. */
  readonly expected: number;
  /** The number of the next intent. */
  next: number | null;
}

/** Reads a journal's lines; when it has grown, only those that were added. */
class LineReader {
  readonly #onEntry: (entry: Entry, line: number) => void;
  readonly #onHeader: (header: Readonly<Record<string, unknown>>) => void;
  #header: Reading['header'] = null;
  readonly #damage: Damage[] = [];
  readonly #unreadable: Unreadable[] = [];
  readonly #intents = new Set<number>();
  readonly #orphans = new Set<number>();
  readonly #skipped = new Set<unknown>();
  #newest = 0;
  #decisions = 0;
  #undecided = false;
  /** The line before is the last of `#unreadable`. */
  #afterUnreadable = false;
  #lines = 0;

  /** @param onEntry receives the entries in order, also those after damage */
  constructor(
    onEntry: (entry: Entry, line: number) => void,
    onHeader: (header: Readonly<Record<string, unknown>>) => void = () => undefined,
  ) {
    this.#onEntry = onEntry;
    this.#onHeader = onHeader;
  }

  read(content: Uint8Array): void {
    const all = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
    for (let from = 0; from < all.length; ) {
      const end = all.indexOf(0x0a, from);
      const to = end < 0 ? all.length : end;
      this.#lines += 1;
      // A writer that cannot tell whether the last line is ended ends it again.
      if (to > from) this.#line(all.subarray(from, to), this.#lines, end >= 0);
      from = to + 1;
    }
  }

  #line(bytes: Buffer, line: number, ended: boolean): void {
    const read = readLine(bytes);
    const broken = (reason: string, text: string | null = bytes.toString()): number =>
      this.#damage.push({ line, reason, text });
    const unreadable = this.#unreadable;
    if ('reason' in read) {
      const expected = this.#newest + 1;
      unreadable.push({ ...read, line, size: bytes.length, ended, expected, next: null });
      this.#afterUnreadable = true;
      return;
    }
    const { value, summed } = read;
    if (this.#afterUnreadable && value['type'] === TORN && value['bytes'] === unreadable.at(-1)?.size)
      unreadable.pop();
    this.#afterUnreadable = false;
    if (this.#header === null) {
      if (!('ebillJournal' in value)) broken('there is no header before it');
      else {
        this.#header = value;
        this.#onHeader(value);
      }
    } else if (typeof value['type'] !== 'string') broken('it is no entry');
    else if (isEntry(value)) {
      if (value.type === 'intent') this.#intent(value, summed, broken);
      else if (value.type === 'answer' && !this.#intents.has(value.n)) {
        broken(`the request ${value.n} that it answers is missing`, null);
        this.#orphans.add(value.n);
      }
      if (isDecision(value)) this.#decisions += 1;
      this.#onEntry(value, line);
    } else if (isKnown(value)) broken('its fields do not match its type');
    else if (value['type'] === SKIPPED && summed && Array.isArray(value['lines']))
      for (const one of value['lines']) this.#skipped.add(one);
  }

  #intent(
    { n, decisions }: Extract<Entry, { type: 'intent' }>,
    summed: boolean,
    broken: (reason: string, text?: string | null) => void,
  ): void {
    if (this.#intents.has(n)) broken(`the number ${n} of its request occurs twice`);
    // Without a checksum it is an earlier program's, which left numbers out after a failed write.
    else if (summed && n !== this.#newest + 1)
      broken(`request ${n} follows request ${this.#newest}: lines are missing`, null);
    if (decisions !== undefined && decisions !== this.#decisions) {
      broken(`request ${n} comes after other lines: some are missing, or occur twice`, null);
      this.#undecided = true;
      this.#decisions = decisions;
    }
    for (const one of this.#unreadable) one.next ??= n;
    this.#intents.add(n);
    this.#newest = Math.max(this.#newest, n);
  }

  result(): Reading {
    const damage = [...this.#damage];
    for (const one of this.#unreadable) {
      const { line, reason, text } = one;
      if (!isTorn(one)) damage.push({ line, reason, text });
    }
    return {
      header: this.#header,
      damage: damage.filter(({ line }) => !this.#skipped.has(line)).sort((a, b) => a.line - b.line),
      missing: Math.max(this.#newest, ...this.#orphans) - this.#intents.size,
      undecided: this.#undecided,
    };
  }
}

/** @param onEntry receives the entries in order, also those after damage */
export function readLines(content: Uint8Array, onEntry: (entry: Entry, line: number) => void): Reading {
  const reader = new LineReader(onEntry);
  reader.read(content);
  return reader.result();
}

/**
 * Whether a crash cut the line off before its request left. A line that this program cuts off is the last one, or has its
 * mark behind it. Earlier programs only ended it; there the numbers of the requests show that none is missing.
 */
function isTorn({ line, text, size, ended, expected, next }: Unreadable): boolean {
  // Zeros in place of a whole journal are no first line.
  if (!ended) return isTornEnd(text) && (line > 1 || size <= BLOCK);
  const cut = cutOff(text);
  if (cut === null) return false;
  const damaged = text.includes('"sum":"') || (cut === 'in a string' && text.endsWith('}'));
  return !damaged && (next === null || next === expected);
}

/** Bytes that a file system writes at once. */
const BLOCK = 4096;

/** What can be read of a journal, and what cannot. */
export interface Salvaged {
  /** `null` without a header: none was written, or it is damaged. */
  readonly header: Header | null;
  /** In their order. */
  readonly lines: readonly (Entry | Damage)[];
  /** How many requests the numbers show to be missing. */
  readonly missing: number;
  /** Whether a decision is missing, or is there twice. */
  readonly undecided: boolean;
}

export const isDamage = (line: Entry | Damage): line is Damage => 'reason' in line && 'line' in line;

/** @throws EbillError CONFLICT when it is a newer program's */
export function salvage(content: Uint8Array, path: string): Salvaged {
  const read: { readonly at: number; readonly line: Entry | Damage }[] = [];
  const { header, damage, missing, undecided } = readLines(content, (entry, at) =>
    read.push({ at, line: entry }),
  );
  const all = [...read, ...damage.map((one) => ({ at: one.line, line: one }))];
  return {
    header: header === null ? null : checked(header, path),
    lines: all.sort((a, b) => a.at - b.at).map(({ line }) => line),
    missing,
    undecided,
  };
}

/** A journal that was read, to be read on from where it ended. */
class LoadReader {
  state: LoadState | null = null;
  #content: Buffer = Buffer.alloc(0);
  readonly #lines: LineReader;

  constructor(path: string) {
    this.#lines = new LineReader(
      // One entry at a time: a long journal is not in memory twice.
      (entry) => {
        if (this.state !== null) this.state = apply(this.state, entry);
      },
      (first) => {
        this.state = emptyState(checked(first, path));
      },
    );
  }

  /** Whether the content begins with what was read, to the byte. */
  isStartOf(content: Buffer): boolean {
    return this.#content.equals(content.subarray(0, this.length));
  }

  get length(): number {
    return this.#content.length;
  }

  read(content: Buffer): Reading {
    this.#lines.read(content.subarray(this.#content.length));
    this.#content = content;
    return this.#lines.result();
  }
}

/** The journals read last, the newest first: a command reads its own again and again, after a line or two were added. */
const recent: LoadReader[] = [];
const MOST_RECENT = 4;
/** Longer journals are not kept in memory. */
const LONGEST_KEPT = 4 << 20;

/**
 * A load, from the bytes of its journal; `null` when there is no whole line: nothing was sent then.
 * @param content not changed afterwards
 * @throws EbillError CONFLICT when a line is damaged, it is no journal, or a newer program's
 */
export function replay(content: Uint8Array | string, path: string): LoadState | null {
  const bytes =
    typeof content === 'string'
      ? Buffer.from(content)
      : Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  const [known] = recent.filter((one) => one.isStartOf(bytes)).sort((a, b) => b.length - a.length);
  if (known !== undefined) recent.splice(recent.indexOf(known), 1);
  const reader = known ?? new LoadReader(path);
  const { header, damage } = reader.read(bytes);
  const [first] = damage;
  if (first !== undefined)
    throw header === null ? noJournal(path) : damagedJournal(path, salvage(bytes, path), true);
  // A last line that is not ended may become longer.
  if (reader.state !== null && bytes.at(-1) === 0x0a && bytes.length <= LONGEST_KEPT) {
    recent.unshift(reader);
    recent.splice(MOST_RECENT);
  }
  return reader.state;
}

function checked(header: Partial<Header>, path: string): Header {
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
    !['string', 'undefined'].includes(typeof header.organisation) ||
    typeof header.startedAt !== 'string'
  )
    throw noJournal(path);
  return header as Header;
}

const BACKUP = 'Restore that file from a backup.';

const noJournal = (path: string): EbillError =>
  new EbillError('CONFLICT', `${path} is no journal of ebill, or its first line is damaged.`, {
    hint: `${BACKUP} Without one only the owner of the server can say what was done.`,
  });

/** @param show leads to `loads show`, which reads the rest */
export function damagedJournal(path: string, read: Salvaged, show: boolean): EbillError {
  const [first] = read.lines.filter(isDamage);
  const skippable = canBeSkipped(read);
  const hint = skippable
    ? `Run the upload or run command of the load ${read.header?.job} again with --adopt: damaged lines are skipped, and the server is asked what they said.`
    : `${BACKUP} Without one only the owner of the server can say what was done: the damage may hide that a batch must not be finalized, or which files belong together.`;
  return new EbillError(
    'CONFLICT',
    `Line ${first?.line} of the journal ${path} is damaged: ${first?.reason}.`,
    {
      hint: show ? `The other lines can be read with ebill loads show. ${hint}` : hint,
      choices: skippable
        ? [
            {
              option: '--adopt',
              label:
                'Skip the damaged lines for good and ask the server what they said; each record is loaded once',
            },
          ]
        : [],
    },
  );
}

/** Types whose content the server knows too. Others (what is left behind, what belongs together) are known only here. */
const KNOWN_TO_SERVER: ReadonlySet<string> = new Set(['intent', 'answer', 'seen', 'settled', 'found', TORN]);

/** Bytes in a row that are no text; a line is longer. */
const HIDDEN = 64;

/**
 * Whether the server can be asked for all that damaged lines may have said (`--adopt`). Each has to be recognised as one
 * line, and every request that is missing as one of them.
 */
export function canBeSkipped({ header, lines, missing, undecided }: Salvaged): boolean {
  if (header === null || undecided) return false;
  const texts = lines.filter(isDamage).flatMap(({ text }) => text ?? []);
  const types = texts.map((text) => {
    const [type, ...more] = [...text.matchAll(/"type":"([\w-]+)"/g)].map((match) => match[1] ?? '');
    const whole = text.startsWith('{"at":"') && more.length === 0 && text.split('"at":"').length === 2;
    return whole && !new RegExp(`[\\p{Cc}\uFFFD]{${HIDDEN}}`, 'u').test(text) ? (type ?? '') : '';
  });
  if (types.some((type) => !KNOWN_TO_SERVER.has(type))) return false;
  if (missing > types.filter((type) => type === 'intent').length) return false;
  const state = foldedFrom(header, lines);
  // The file of a batch that is not in a readable line could be given another batch.
  return [...state.batches.values()].every(
    ({ kind, file, foundElsewhere }) => kind === 'init' || foundElsewhere || file !== null,
  );
}

/** The load that the readable lines tell. */
export const foldedFrom = (header: Header, lines: Salvaged['lines']): LoadState =>
  lines
    .filter((line) => !isDamage(line))
    .reduce((state, line) => apply(state, line as Entry), emptyState(header));

/**
 * The lines that skip the damage of a journal, to be added in one write; none where there is no damage. Every batch becomes
 * one that was found, so that the server is asked about it before anything is sent.
 * @throws EbillError CONFLICT when it cannot be skipped
 */
export function skipLines(content: Uint8Array, path: string, at: string): readonly string[] {
  const read = salvage(content, path);
  const damage = read.lines.filter(isDamage);
  if (damage.length === 0) return [];
  if (read.header === null) throw noJournal(path);
  if (!canBeSkipped(read)) throw damagedJournal(path, read, true);
  const found = [...foldedFrom(read.header, read.lines).batches.values()].flatMap(
    ({ jobId, kind, parent, seen, abandoned, missing }) =>
      seen === null || abandoned || missing
        ? []
        : [lineOf({ at, type: 'found', jobId, kind, parent, batch: seen })],
  );
  // The last line makes the others count.
  return [...found, lineOf({ at, type: SKIPPED, lines: damage.map(({ line }) => line) })];
}
