/** What a result file says of a record (api rule 23). */
export type RecordResult = 'loaded' | 'rejected' | 'unknown';

/** What the status values of a server mean, as a user declared it, by value. */
export type RecordStatusMap = Readonly<Record<string, 'loaded' | 'rejected'>>;

const words = (text: string): Set<string> => new Set(text.split(' '));

const LOADED = words(
  'success successful succeeded successfully ok loaded processed imported created updated inserted added accepted complete completed done passed',
);
const REJECTED = words('fail failed failure error invalid rejected skipped duplicate');
/** Nouns that contradict a loaded word they follow. */
const TROUBLE = words('fails failures errors rejects rejection rejections duplicates');
const WHOLE_LOADED = words('true yes y 1');
const WHOLE_REJECTED = words('false no n 0');
/** In columns of these names a value such as `true` does not mean loaded, and `0` often does. */
const REVERSED = /err(?:or|no)|fail|reject|invalid|problem|code/iu;

/** Names of columns in which `1` and `0` can only be yes and no. */
const AFFIRMED = /succe|loaded|import|accept|process|complete|\bok\b|done|pass/iu;

/** Two values of a map that differ only in case and blanks are one. */
export const sameRecordStatus = (a: string, b: string): boolean => normalized(a) === normalized(b);

const normalized = (text: string): string => text.trim().replace(/\s+/gu, ' ').toLowerCase();

/**
 * Reads the status value of a record: a declared value, one that is a known word, or one that begins with a known word and has no
 * word of the other kind after it. `not` negates a following loaded word. Everything else is unknown, an empty value too. Pure.
 * @param column the name of the column: under one such as "Error" or "Return code", `true` or `0` may mean the opposite
 * @param isCounted false: the server gave no counts that would contradict a wrong reading. Then `0` and `1` are unknown, unless
 *   the name of the column says what they affirm: in many systems 0 is the status of a success
 */
export function recordStatus(
  value: string,
  declared: RecordStatusMap = {},
  column = '',
  isCounted = true,
): RecordResult {
  for (const [known, result] of Object.entries(declared)) if (sameRecordStatus(known, value)) return result;
  const all = value.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  const isCode = /^[01]$/u.test(all[0] ?? '') && !isCounted && !AFFIRMED.test(column);
  if (all.length === 1 && !REVERSED.test(column) && !isCode) {
    if (WHOLE_LOADED.has(all[0] ?? '')) return 'loaded';
    if (WHOLE_REJECTED.has(all[0] ?? '')) return 'rejected';
  }
  const kinds = all.map((word, i) => kindOf(word, all[i - 1], all[i + 1]));
  const [first] = kinds;
  if (first !== 'loaded' && first !== 'rejected') return 'unknown';
  return kinds.every((kind) => kind === null || kind === first) ? first : 'unknown';
}

/** @returns `null` for a word that says nothing */
function kindOf(word: string, before: string | undefined, after: string | undefined): RecordResult | null {
  if (word === 'not') return after !== undefined && isRejected(after) ? 'unknown' : 'rejected';
  if (LOADED.has(word)) return before === 'not' ? 'rejected' : 'loaded';
  return isRejected(word) ? 'rejected' : null;
}

const isRejected = (word: string): boolean => REJECTED.has(word) || TROUBLE.has(word);
