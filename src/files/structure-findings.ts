import type { Finding, Position } from './findings.ts';

/** What the scanner finds, in words: what is wrong and what to do (cli.md, "Files given"). */
type Found = Omit<Finding, 'severity'>;

/** No header: the file has no bytes, or `blankLines` blank lines and nothing else. */
export function empty(blankLines: number): Found {
  return {
    code: 'empty',
    line: null,
    column: null,
    message: blankLines === 0 ? 'the file is empty' : 'the file holds nothing but blank lines',
    hint: 'Export the file again, or leave it out of the command.',
  };
}

export function noRecords(): Found {
  return {
    code: 'no-records',
    line: null,
    column: null,
    message: 'the file has a header and no records',
    hint: 'Export the file again, or leave it out if there is nothing to load; a file without a header needs one.',
  };
}

export function ragged(line: number, fields: number, width: number): Found {
  return {
    code: 'ragged',
    line,
    column: null,
    message: `the record has ${count(fields, 'field')}, the header ${width}`,
    hint:
      fields > width
        ? 'Put a value that holds a comma in double quotes, or remove the extra comma.'
        : 'Add the missing fields (an empty field still needs its comma); put a value that holds a line break in double quotes.',
  };
}

export function openQuote(at: Position): Found {
  return {
    code: 'open-quote',
    ...at,
    message: 'the quote opened here is never closed, so everything after it is one field',
    hint: 'Close the quote at the end of the value, or double it ("") if it belongs to the value; a file cut off in the middle must be exported again.',
  };
}

/** `closed`: text follows a closing quote; else the quote stands inside a value that does not begin with one. */
export function badQuote(at: Position, closed: boolean): Found {
  return {
    code: 'bad-quote',
    ...at,
    message: closed
      ? 'text follows the closing quote of a value'
      : 'a quote stands inside a value that does not begin with one',
    hint: 'Put the whole value in double quotes, with no space before or after them, and write each quote inside it twice ("").',
  };
}

export function blankLines(from: number, lines: number): Found {
  return {
    code: 'blank-line',
    line: from,
    column: null,
    message: lines === 1 ? 'the line is blank' : `${lines} blank lines, up to line ${from + lines - 1}`,
    hint: 'Remove blank lines; they are fine only at the end of the file. A record of one empty value is written "".',
  };
}

export function nul(at: Position, nuls: number): Found {
  return {
    code: 'nul',
    ...at,
    message: nuls === 1 ? 'a NUL byte' : `${nuls} NUL bytes, the first one here`,
    hint: "Export the file again: NUL bytes come from a damaged copy or a fixed-width export. To remove them: tr -d '\\000' < in.csv > out.csv",
  };
}

/** `mixed`: other lines of the file end with LF. */
export function loneCr(line: number, crs: number, mixed: boolean): Found {
  return {
    code: 'lone-cr',
    line,
    column: null,
    message: mixed
      ? `${count(crs, 'line')} end${crs === 1 ? 's' : ''} with a carriage return alone, the first one here, others with a line feed: how many records these are depends on who counts`
      : 'the lines end with a carriage return alone (the old Mac line end), which not every reader takes for a line end',
    hint: mixed
      ? 'Put a value that holds a carriage return in double quotes, or remove it.'
      : "Save the file with LF or CRLF line ends: tr '\\r' '\\n' < in.csv > out.csv",
  };
}

export function longHeader(line: number, limit: number): Found {
  return {
    code: 'long-header',
    line,
    column: null,
    message: `the header is longer than ${limit} bytes`,
    hint: 'The first record must hold the column names. Check that this is a CSV file and that its lines end with LF or CRLF.',
  };
}

export function longRecord(line: number, limit: number): Found {
  return {
    code: 'long-record',
    line,
    column: null,
    message: `the record holds values of more than ${limit} bytes, too long to be checked`,
    hint: 'Look for a quote that is opened in this record and closed many lines later.',
  };
}

function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`;
}
