/** Records of the beginning of a file that show its layout. */
const MAX_RECORDS = 50;

/** A record of the beginning of a file, divided by some delimiter. */
export interface SampleRecord {
  readonly line: number;
  readonly fields: readonly string[];
  /** The record is one value in quotes. */
  readonly quoted: boolean;
}

/** The complete records of a text, without blank lines, at most `most` of them. */
export function sampleRecords(
  text: string,
  delimiter: string,
  whole: boolean,
  most = MAX_RECORDS,
): SampleRecord[] {
  const records: SampleRecord[] = [];
  let line = 1;
  let recordLine = 1;
  let fields: string[] = [];
  let from = 0;
  let quoted = false;
  const endField = (to: number): void => {
    fields.push(unquoted(text.slice(from, to)));
  };
  let at = 0;
  for (; at < text.length && records.length < most; at++) {
    const character = text.charAt(at);
    if (character === '"' && (quoted || at === from)) quoted = !quoted;
    else if (character === '"' && text.charAt(at - 1) === '"' && text.charAt(from) === '"') quoted = true;
    const isEnd = character === '\n' || (character === '\r' && text.charAt(at + 1) !== '\n');
    if (isEnd) line += 1;
    if (quoted) continue;
    if (character === delimiter) {
      endField(at);
      from = at + 1;
    } else if (isEnd) {
      const end = text.charAt(at - 1) === '\r' && character === '\n' ? at - 1 : at;
      if (end > from || fields.length > 0) {
        const isQuoted = fields.length === 0 && text.charAt(from) === '"';
        endField(Math.max(end, from));
        records.push({ line: recordLine, fields, quoted: isQuoted });
      }
      fields = [];
      from = at + 1;
      recordLine = line;
    }
  }
  if (whole && at === text.length && records.length < most && !quoted && (at > from || fields.length > 0)) {
    const isQuoted = fields.length === 0 && text.charAt(from) === '"';
    endField(at);
    records.push({ line: recordLine, fields, quoted: isQuoted });
  }
  return records;
}

const unquoted = (raw: string): string =>
  raw.length >= 2 && raw.startsWith('"') && raw.endsWith('"') ? raw.slice(1, -1).replaceAll('""', '"') : raw;
