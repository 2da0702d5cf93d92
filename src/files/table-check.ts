import { splitFields } from './field-values.ts';
import { displayValue, type FindingDetails, finding } from './findings.ts';
import { type SampleRecord, sampleRecords } from './sample-records.ts';

/** Bytes of a file's beginning that show whether it is a table of comma-separated values. */
export const HEAD_BYTES = 1 << 14;
const MAX_TITLE_LINES = 20;

/** Why a file is no table that can be loaded. It is the only finding about the file's content (commands rule 15). */
export interface TableProblem {
  readonly finding: FindingDetails;
  /** False if the file has no records at all: a web page, a pointer to a file. */
  readonly hasRecords: boolean;
}

/** What a file's first records show; kept to compare files of one kind. */
export interface TableStart {
  readonly header: readonly string[];
  /** The line of the header. */
  readonly line: number;
  /** The first records after it. */
  readonly records: readonly (readonly string[])[];
}

interface Delimiter {
  readonly character: string;
  /** In a sentence. */
  readonly name: string;
  /** In Python. */
  readonly code: string;
}

const DELIMITERS: readonly Delimiter[] = [
  { character: ';', name: 'semicolons', code: ';' },
  { character: '\t', name: 'tabs', code: '\\t' },
  { character: '|', name: 'pipes (|)', code: '|' },
  { character: '^', name: 'carets (^)', code: '^' },
  { character: '\u0001', name: 'control characters (^A)', code: '\\x01' },
];

/**
 * Looks at the beginning of a file, and reports what is not a table, or not one with commas and a header: a page, a
 * pointer, `sep=`, title lines, another delimiter, whole lines in quotes, data in place of the header, two BOMs.
 * @param head `HEAD_BYTES` of the file or more, or all of it
 * @param whole `head` is the whole file
 */
export function tableProblem(head: Uint8Array, whole: boolean): TableProblem | undefined {
  const bytes = Buffer.from(head.buffer, head.byteOffset, Math.min(head.length, HEAD_BYTES));
  const text = bytes.toString('utf8').replace(/^\ufeff/u, '');
  const other = noTable(text);
  if (other !== undefined) return { finding: other, hasRecords: false };
  const found = layoutProblem(text, whole && bytes.length === head.length);
  return found === undefined ? undefined : { finding: found, hasRecords: true };
}

/** The first records as comma-separated values, at most `most` after the header. */
export function tableStart(head: Uint8Array, whole: boolean, most = 5): TableStart {
  const text = Buffer.from(head.buffer, head.byteOffset, Math.min(head.length, HEAD_BYTES))
    .toString('utf8')
    .replace(/^\ufeff/u, '');
  const [first, ...records] = sampleRecords(text, ',', whole && head.length <= HEAD_BYTES, most + 1);
  return {
    header: first?.fields ?? [],
    line: first?.line ?? 1,
    records: records.map(({ fields }) => fields),
  };
}

// Something else than a table.

const PAGE = /^\s*<(?:!doctype|html|head|body|!--)/iu;
const XML = /^\s*<(?:\?xml|[a-z][\w:.-]*(?:\s[^<>]*)?>\s*<)/iu;
const JSON_TEXT = /^\s*(?:\[\s*)?\{\s*"(?:[^"\\]|\\.)*"\s*:/u;

function noTable(text: string): FindingDetails | undefined {
  const start = /^\s*/u.exec(text)?.[0] ?? '';
  const at = { line: start.split(/\r\n|\n|\r/u).length };
  const notCsv = (what: string, hint: string): FindingDetails =>
    finding('not-csv', at, `the file is ${what}, not CSV`, hint);
  if (PAGE.test(text)) {
    const title = /<title[^>]*>\s*([^<]*?)\s*<\/title>/iu.exec(text)?.[1] ?? '';
    return notCsv(
      `an HTML page${title === '' ? '' : ` ("${displayValue(title)}")`}`,
      'It is probably a login or error page that was saved in place of the file. Log in and download the file again.',
    );
  }
  if (XML.test(text))
    return notCsv(
      'an XML document',
      'Export the data as CSV. If it is an error message, download the file again.',
    );
  if (JSON_TEXT.test(text)) return notCsv('a JSON document', 'Export the data as CSV.');
  if (text.startsWith('version https://git-lfs.github.com/spec/'))
    return notCsv('a Git LFS pointer', 'Get the file that it points to: git lfs pull');
  return undefined;
}

// A table, but not one with commas and a header.

function layoutProblem(text: string, whole: boolean): FindingDetails | undefined {
  const sample = (delimiter: string): SampleRecord[] => sampleRecords(text, delimiter, whole);
  const records = sample(',');
  const [header] = records;
  if (header === undefined) return undefined;
  const at = { line: header.line };
  if (text.startsWith('\ufeff'))
    return finding(
      'bom',
      { ...at, column: 1 },
      'the file begins with two byte order marks, so that the second is part of the first column name',
      'Remove one of them: tail -c +4 in.csv > out.csv',
    );
  const separator = /^"?sep=(.|\\t)"?,*$/iu.exec(firstLine(text));
  if (separator !== null)
    return finding(
      'sep-line',
      at,
      `the line "${displayValue(firstLine(text))}" is for spreadsheets only and would be read as the header`,
      `Remove the line: tail -n +${header.line + 1} in.csv > out.csv`,
    );
  const named = DELIMITERS.map((delimiter) => ({ delimiter, records: sample(delimiter.character) }));
  const commas = header.fields.length >= 2 && agreement(records) >= 0.5;
  const delimiter = otherDelimiter(records, commas, named);
  if (delimiter !== undefined)
    return wrongDelimiter(header.line, text, delimiter.delimiter, delimiter.records);
  const quoted = commas ? undefined : quotedLines(records);
  if (quoted !== undefined) return quoted;
  for (const rows of commas ? [records] : [records, ...named.map((one) => one.records)]) {
    const title = titleLines(rows);
    if (title !== undefined) return title;
  }
  if (header.fields.some((name) => name.trim() !== '') && !header.fields.some((name) => /\p{L}/u.test(name)))
    return noHeader(header.line, header.fields, 'no name in it has a letter');
  return undefined;
}

const firstLine = (text: string): string => /[^\r\n]+/u.exec(text)?.[0] ?? '';

/** The part of the records that have as many fields as the first one. */
function agreement([header, ...others]: readonly SampleRecord[]): number {
  if (others.length === 0) return 1;
  return others.filter(({ fields }) => fields.length === header?.fields.length).length / others.length;
}

interface Sample {
  readonly delimiter: Delimiter;
  readonly records: readonly SampleRecord[];
}

/** The delimiter that divides header and records alike, when commas do not. */
function otherDelimiter(
  commas: readonly SampleRecord[],
  areCommas: boolean,
  others: readonly Sample[],
): Sample | undefined {
  const fields = (records: readonly SampleRecord[]): readonly string[] => records[0]?.fields ?? [];
  const fitting = others
    .filter(
      ({ records }) =>
        records.length >= 2 &&
        fields(records).length >= 2 &&
        // In text a separator is followed by a space.
        !fields(records).some((name) => /^ /u.test(name)) &&
        agreement(records) >= 0.9,
    )
    .sort((a, b) => fields(b.records).length - fields(a.records).length);
  const [best] = fitting;
  if (best === undefined || !areCommas) return best;
  // `Invoice;Tax;Amount, EUR` over `1;2,00;10,50`: each comma is a decimal one, or part of the text of a name.
  const areDecimals =
    fields(best.records).length >= fields(commas).length &&
    fields(commas)
      .slice(1)
      .every((name) => name.startsWith(' ')) &&
    best.records
      .slice(1)
      .every(({ fields }) => fields.every((value) => !value.includes(',') || DECIMAL.test(value)));
  return areDecimals ? best : undefined;
}

/** An amount with a decimal comma. */
const DECIMAL = /^\s*[-+]?(?:\d+|\d{1,3}(?:\.\d{3})+),\d+\s*$/u;

function wrongDelimiter(
  line: number,
  text: string,
  { name, code }: Delimiter,
  records: readonly SampleRecord[],
): FindingDetails {
  const amount = records
    .slice(1)
    .flatMap(({ fields }) => fields.find((value) => DECIMAL.test(value)) ?? [])[0];
  const decimals =
    amount === undefined
      ? ''
      : `Amounts need a decimal point: "${displayValue(amount.trim())}" has a comma, so export them as 1234.56. `;
  return finding(
    'delimiter',
    { line },
    `the fields are separated by ${name}, not by commas: "${displayValue(firstLine(text))}"`,
    `${decimals}Export the file with commas between the fields, or convert it: ${convertCommand(`csv.reader(open(0,newline='',encoding='utf-8-sig'),delimiter='${code}')`)}`,
  );
}

/** A command for any shell. */
const convertCommand = (rows: string): string =>
  `python3 -c "import csv;csv.writer(open(1,'w',newline='',encoding='utf-8'),lineterminator='\\n').writerows(${rows})" < in.csv > out.csv`;

/** Each line, or each but the header, is one value in quotes that holds the fields. */
function quotedLines([header, ...records]: readonly SampleRecord[]): FindingDetails | undefined {
  const inside = ({ fields: [only = '', ...more], quoted }: SampleRecord): readonly string[] =>
    quoted && more.length === 0 ? splitFields(only) : [];
  if (header === undefined || records.length === 0) return undefined;
  const names = header.fields.length > 1 ? header.fields : inside(header);
  // In a column of text a comma is followed by a space.
  if (names.length < 2 || names.some((name) => name.startsWith(' '))) return undefined;
  const [first] = records;
  if (first === undefined || !records.every((record) => inside(record).length === names.length))
    return undefined;
  return finding(
    'quoted-lines',
    { line: header.fields.length > 1 ? first.line : header.line },
    'whole lines are in quotes, so that each is one value',
    `Export the file again with quotes around values only, or convert it: ${convertCommand(
      "next(csv.reader(r)) if len(r)==1 else r for r in csv.reader(open(0,newline='',encoding='utf-8-sig'))",
    )}`,
  );
}

/** Lines above the header: the first record that begins a table has names, and the records below have values. */
function titleLines(records: readonly SampleRecord[]): FindingDetails | undefined {
  const last = Math.min(records.length - 2, MAX_TITLE_LINES);
  for (let at = 1; at <= last; at++) {
    const [header, ...below] = records.slice(at);
    const above = records.slice(0, at);
    if (header === undefined) return undefined;
    const width = header.fields.length;
    if (width < 2 || !below.every(({ fields }) => fields.length === width)) continue;
    const filled = ({ fields }: SampleRecord): number => fields.filter((value) => value.trim() !== '').length;
    if (!above.every((record) => filled(record) < width && filled(record) <= Math.max(1, width / 2)))
      continue;
    if (!isHeader(header.fields, below)) continue;
    return finding(
      'title-lines',
      { line: records[0]?.line ?? 1 },
      `the header is not the first line: the column names seem to be in line ${header.line} ("${displayValue(header.fields.join(','))}")`,
      `Remove ${header.line === 2 ? 'the line' : `the ${header.line - 1} lines`} above it: tail -n +${header.line} in.csv > out.csv`,
    );
  }
  return undefined;
}

/** True if these look like names, and some column below has values of another kind. */
function isHeader(names: readonly string[], below: readonly SampleRecord[]): boolean {
  const areNames = names.every((name) => /\p{L}/u.test(name) && !name.startsWith(' '));
  if (!areNames || new Set(names).size < names.length) return false;
  return names.some(
    (name, column) => !/\d/u.test(name) && below.every(({ fields }) => /\d/u.test(fields[column] ?? '')),
  );
}

function noHeader(line: number, names: readonly string[], why: string): FindingDetails {
  return finding(
    'no-header',
    { line },
    `the first line is data, not column names ("${displayValue(names.join(','))}"): ${why}`,
    'Add the line with the column names; without it the first record is lost. For a part of a divided file: (head -n 1 first.csv; cat part.csv) > out.csv',
  );
}

// Compared with files of the same kind.

/**
 * Compares the first line of a file with that of another file of its kind.
 * @param name the other file
 */
export function unlike(start: TableStart, other: TableStart, name: string): FindingDetails | undefined {
  const [only = '', ...more] = start.header;
  if (more.length === 0 && other.header.length > 1) {
    const delimiter = DELIMITERS.find(({ character }) => sameNames(only.split(character), other.header));
    if (delimiter !== undefined) return wrongDelimiter(start.line, only, delimiter, []);
  }
  if (!isData(start.header, other)) return undefined;
  return noHeader(
    start.line,
    start.header,
    `${displayValue(name)} has such values under the header "${displayValue(other.header.join(','))}"`,
  );
}

const sameNames = (names: readonly string[], others: readonly string[]): boolean =>
  names.length === others.length && names.every((name, i) => name.trim() === others[i]?.trim());

/** True if the fields of a header are of the same shape as the values below the other header, and unlike its names. */
function isData(fields: readonly string[], { header, records }: TableStart): boolean {
  const rows = records.filter((record) => record.length === header.length);
  if (fields.length !== header.length || rows.length === 0) return false;
  let same = 0;
  for (const [i, field] of fields.entries()) {
    const name = header[i] ?? '';
    if (field !== '' && field.trim().toLowerCase() === name.trim().toLowerCase()) return false;
    const shapes = rows.map((row) => shape(row[i] ?? ''));
    // In a column of numbers or codes, a record has no word.
    if (field !== '' && !/\d/u.test(field) && shapes.every((one) => /^\S*9\S*$/u.test(one))) return false;
    if (
      /\d/u.test(field) &&
      shapes.includes(shape(field)) &&
      /\p{L}/u.test(name) &&
      !shapes.includes(shape(name))
    )
      same += 1;
  }
  return same > 0;
}

/** `C-1001` → `C-9`. */
const shape = (value: string): string => value.trim().replace(/\d+/gu, '9');
