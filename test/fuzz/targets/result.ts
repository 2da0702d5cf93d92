import { type RawRecord, RecordCutter, recordFields } from '../../../src/files/record-reader.ts';
import { messagesLine } from '../../../src/files/rejects.ts';
import { resultColumns } from '../../../src/files/result-columns.ts';
import { expectEqual, expectError, hold, pieces, type Target } from '../target.ts';

interface Cut {
  readonly records: readonly { readonly line: number; readonly bytes: string; readonly length: number }[];
  readonly bom: boolean;
}

function cut(blocks: readonly Buffer[]): Cut {
  const cutter = new RecordCutter();
  const records: Cut['records'][number][] = [];
  const keep = ({ line, bytes, length }: RawRecord) =>
    records.push({ line, bytes: bytes.toString('latin1'), length });
  for (const block of blocks) for (const record of cutter.cut(block)) keep(record);
  for (const record of cutter.end()) keep(record);
  return { records, bom: cutter.hasBom };
}

/** Result files. */
export const target: Target = {
  seeds: [
    'Account,Status,Message\nA1,OK,\nA2,Failed,"bad ""x"",\nno"\n',
    '\ufeffa,b\r\n"1\r\n2",3\r\n',
    'a\rb\rc',
    '"',
    '\n\n\na,b',
  ],
  dictionary: [
    ',',
    '"',
    '""',
    '\n',
    '\r\n',
    '\r',
    '\ufeff',
    'Status',
    'Message',
    'Failed',
    'OK',
    '\0',
    '=1+1',
  ],
  run(bytes) {
    const whole = cut([bytes]);
    expectEqual(whole, cut(pieces(bytes)), 'records do not depend on block sizes');
    const kept = whole.records.map((record) => record.bytes).join('');
    hold(
      kept.replace(/[\r\n]/g, '') ===
        bytes
          .subarray(whole.bom ? 3 : 0)
          .toString('latin1')
          .replace(/[\r\n]/g, ''),
      'no byte is lost',
    );
    const [header, ...rows] = whole.records.map((record) =>
      recordFields({ ...record, bytes: Buffer.from(record.bytes, 'latin1') }),
    );
    if (header === undefined) return;
    const columns = expectError(
      () => resultColumns('r.csv', header, null, { status: null, message: null }),
      ['USAGE'],
    );
    if (columns === undefined) return;
    for (const row of rows) {
      const message = row[columns.message ?? -1] ?? '';
      const line = messagesLine([1, message, 2]);
      hold(!/^1,"?[=+\-@\t\r]/.test(line), 'a cell is not a formula');
    }
  },
};
