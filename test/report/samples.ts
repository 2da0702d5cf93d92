import type { ReportBatch, ReportFacts, ReportMonth } from '../../src/report/facts.ts';

const at = (seconds: number): string => new Date(Date.UTC(2020, 7, 31, 22, 0, seconds)).toISOString();

export function reportBatch(parts: Partial<ReportBatch> = {}): ReportBatch {
  return {
    id: '3',
    jobId: 'AUG_2020_CUS',
    kind: 'customer',
    depth: 0,
    file: 'cus.csv',
    status: 'Success',
    phase: 'succeeded',
    outcome: 'succeeded',
    sent: 20_375,
    loaded: 20_375,
    rejected: 0,
    unaccounted: 0,
    uploadFrom: at(1),
    uploadTo: at(4),
    processFrom: at(5),
    processTo: at(65),
    message: null,
    ...parts,
  };
}

/** A year of closed loads. */
export const reportMonths: readonly ReportMonth[] = Array.from({ length: 12 }, (_, i): ReportMonth => {
  const job = `${['SEP', 'OCT', 'NOV', 'DEC', 'JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG'][i]}_${i < 4 ? 2019 : 2020}`;
  const records = 40_000 + 911 * i;
  return {
    job,
    closedAt: new Date(Date.UTC(2019, 8 + i, 30)).toISOString(),
    kinds: [
      { kind: 'customer', records: 20_000, amount: null },
      { kind: 'invoice', records: records - 20_000, amount: `${1_000_000 + 12_345 * i}.89` },
    ],
    customersBilled: i === 3 ? null : 19_000 + i,
    records,
    amount: `${1_000_000 + 12_345 * i}.89`,
    rejected: i === 11 ? 19 : i % 3,
  };
});

/** A month in which some invoices were rejected. */
export function reportFacts(parts: Partial<ReportFacts> = {}): ReportFacts {
  const items = Array.from({ length: 12 }, (_, i) =>
    reportBatch({
      id: String(10 + i),
      jobId: `AUG_2020_ITM_${i + 1}`,
      kind: 'items',
      depth: 1,
      file: `itm_${i + 1}.csv`,
      sent: 8000 + i,
      loaded: 8000 + i - (i === 3 ? 17 : 0),
      rejected: i === 3 ? 17 : 0,
      phase: i === 3 ? 'partial' : 'succeeded',
      uploadFrom: at(70 + i),
      uploadTo: at(78 + 2 * i),
      processFrom: null,
      processTo: null,
    }),
  );
  return {
    job: 'AUG_2020',
    outcome: 'partial',
    verdict: [
      '20,375 customers sent, 20,375 loaded, 0 rejected, 0 unaccounted',
      '20,375 invoices sent, 20,373 loaded, 2 rejected, 0 unaccounted',
    ],
    warnings: [],
    batches: [
      reportBatch(),
      reportBatch({
        id: '4',
        jobId: 'AUG_2020_INV',
        kind: 'invoice',
        file: 'inv.csv',
        phase: 'partial',
        outcome: 'partial',
        loaded: 20_373,
        rejected: 2,
        uploadFrom: at(66),
        uploadTo: at(70),
        processFrom: at(110),
        processTo: at(290),
        message: '2 records failed: see the output file',
      }),
      ...items,
    ],
    reasons: [
      { jobId: 'AUG_2020_ITM_4', message: 'Invoice INV-7 is not in the invoice file', count: 17 },
      { jobId: 'AUG_2020_INV', message: 'Account Number is empty', count: 2 },
    ],
    totals: [{ kind: 'invoice', files: 1, records: 20_375, amount: '1234567.89' }],
    files: [
      {
        file: 'cus.csv',
        kind: 'customer',
        jobId: 'AUG_2020_CUS',
        id: '3',
        bytes: 2_345_678,
        records: 20_375,
        amount: null,
        sha256: 'ab'.repeat(32),
        md5: 'cd'.repeat(16),
      },
    ],
    timeline: [
      {
        time: at(0),
        event: 'create',
        jobId: 'AUG_2020_CUS',
        id: null,
        file: 'cus.csv',
        bytes: 2_345_678,
        records: 20_375,
        outcome: 'asked',
        status: null,
        message: null,
      },
      {
        time: at(1),
        event: 'create',
        jobId: 'AUG_2020_CUS',
        id: '3',
        file: null,
        bytes: null,
        records: null,
        outcome: 'answered',
        status: 'Draft',
        message: null,
      },
    ],
    made: { at: at(400), by: 'ebill/0.0.0', user: 'night', host: 'billing-1' },
    source: { profile: 'prod', server: 'https://ebill.example.com', startedAt: at(0), asOf: at(300) },
    ...parts,
  };
}
