import { ContentCheck } from '../../../src/files/content-check.ts';
import { CrossCheck } from '../../../src/files/cross-check.ts';
import { CrossState } from '../../../src/files/cross-state.ts';
import { FindingList } from '../../../src/files/findings.ts';
import { expectEqual, hold, pieces, RAW, type Target } from '../target.ts';

function check(blocks: readonly Buffer[]) {
  const findings = new FindingList();
  const columns = { invoice: { key: 'a', amount: 'b' } };
  const cross = new CrossCheck(
    new CrossState(columns, new Set(['invoice'])),
    { path: '/f', kind: 'invoice' },
    findings,
  );
  const content = new ContentCheck(findings, cross);
  for (const block of blocks) content.write(block);
  content.end();
  cross.end();
  return {
    records: content.records,
    header: content.header,
    ...report(findings, content.records),
    sum: cross.total,
  };
}

function report(list: FindingList, records: number | null) {
  const { findings, findingsTotal } = list.report(records);
  return { shown: findings, total: findingsTotal };
}

/** CSV files before they are sent. */
export const target: Target = {
  seeds: [
    'a,b\n1,2\n"3\n""4",5\n',
    '\ufeffa,b\r\n\r\n1,2\r\n',
    'a,b\r1,2\r',
    'a,a,\n1.2E+11,0001,\n0002,3,\n',
    'a,b\n1,"2',
    'a;b\n1;2\n',
    'a,é\n\xff,€\n',
  ],
  dictionary: [',', '"', '""', '\n', '\r\n', '\r', '\ufeff', '\0', '1.23E+11', '0001', '€', '😀', ' '],
  run(bytes) {
    // The first 4 KiB must be in one block: they decide whether the file is text at all.
    const blocks =
      bytes.length <= 4096 ? [bytes] : [bytes.subarray(0, 4096), ...pieces(bytes.subarray(4096))];
    const whole = check([bytes]);
    // The guess at the encoding depends on how much of the block follows the bad byte; its place does not.
    const places = ({ shown, ...rest }: ReturnType<typeof check>) => ({
      ...rest,
      shown: shown.map((one) => (one.code === 'not-utf8' ? { ...one, message: '', hint: '' } : one)),
    });
    expectEqual(places(whole), places(check(blocks)), 'findings do not depend on block sizes');
    hold(whole.shown.length <= 10 && whole.total >= whole.shown.length, 'at most ten findings are shown');
    hold(
      !whole.shown.some(({ message, hint }) => RAW.test(message + hint)),
      'a finding has no control characters',
    );
  },
};
