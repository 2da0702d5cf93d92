import { type FindingDetails, type Position, plural } from './findings.ts';

// The findings about the structure of a CSV file.

/** The file has no header: it has no bytes, or only blank lines. */
export function emptyFile(blankLines: number): FindingDetails {
  return {
    code: 'empty',
    line: null,
    column: null,
    message: blankLines === 0 ? 'the file is empty' : 'the file contains only blank lines',
    hint: 'Export the file again, or leave it out of the command.',
  };
}

export function noRecords(): FindingDetails {
  return {
    code: 'no-records',
    line: null,
    column: null,
    message: 'the file has a header but no records',
    hint: 'Export the file again, or leave it out if there is nothing to load. If the first line is a record, add a header.',
  };
}

export function ragged(line: number, fields: number, width: number): FindingDetails {
  return {
    code: 'ragged',
    line,
    column: null,
    message: `the record has ${plural(fields, 'field')}, the header ${width}`,
    hint:
      fields > width
        ? 'Put a value that contains a comma in double quotes, or remove the extra comma.'
        : 'Add the missing fields (an empty field still needs its comma). Put a value that contains a line break in double quotes.',
  };
}

export function openQuote(at: Position): FindingDetails {
  return {
    code: 'open-quote',
    ...at,
    message: 'the quote opened here is never closed, so everything after it is one field',
    hint: 'Close the quote at the end of the value, or double it ("") if it is part of the value. If the file is cut off, export it again.',
  };
}

/** @param closed text follows a closing quote; else the quote is inside a value that does not begin with one */
export function badQuote(at: Position, closed: boolean): FindingDetails {
  return {
    code: 'bad-quote',
    ...at,
    message: closed
      ? 'text follows the closing quote of a value'
      : 'a quote inside a value that does not begin with a quote',
    hint: 'Put the whole value in double quotes, with no spaces around them, and double each quote inside it ("").',
  };
}

export function blankLines(from: number, lines: number): FindingDetails {
  return {
    code: 'blank-line',
    line: from,
    column: null,
    message: lines === 1 ? 'the line is blank' : `${lines} blank lines, up to line ${from + lines - 1}`,
    hint: 'Remove blank lines; they are allowed only at the end of the file. Write a record with one empty value as "".',
  };
}

export function nulBytes(at: Position, count: number): FindingDetails {
  return {
    code: 'nul',
    ...at,
    message: count === 1 ? 'a NUL byte' : `${count} NUL bytes, the first one here`,
    hint: "Export the file again: NUL bytes come from a damaged copy or a fixed-width export. To remove them: tr -d '\\000' < in.csv > out.csv",
  };
}

/** @param mixed other lines of the file end with LF */
export function loneCarriageReturns(line: number, count: number, mixed: boolean): FindingDetails {
  return {
    code: 'lone-cr',
    line,
    column: null,
    message: mixed
      ? `${plural(count, 'line')} end${count === 1 ? 's' : ''} with a carriage return only, the first one here, and others with a line feed: programs disagree on how many records these are`
      : 'the lines end with a carriage return only (the old Mac line end), which some programs do not read as a line end',
    hint: mixed
      ? 'Put a value that contains a carriage return in double quotes, or remove the carriage return.'
      : "Save the file with LF or CRLF line ends: tr '\\r' '\\n' < in.csv > out.csv",
  };
}

export function longHeader(line: number, limit: number): FindingDetails {
  return {
    code: 'long-header',
    line,
    column: null,
    message: `the header is longer than ${limit} bytes`,
    hint: 'The first record must contain the column names. Check that this is a CSV file and that its lines end with LF or CRLF.',
  };
}

export function longRecord(line: number, limit: number): FindingDetails {
  return {
    code: 'long-record',
    line,
    column: null,
    message: `the values of the record are longer than ${limit} bytes, too long to check`,
    hint: 'Look for a quote that is opened in this record and closed many lines later.',
  };
}
