import { createReadStream, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { writeMonth } from './month-files.js';
import { countRecords } from './state-machine.js';

const dist = (path) =>
  import(new URL(`../../node_modules/.cache/ebill-modules/${path}`, import.meta.url).href);

/** `megabytes`: of the item file, which is the largest. */
export const files = (folder, megabytes) => writeMonth(folder, megabytes * 1e6);

export const about = ({ counts }) =>
  `${counts.items} items, ${counts.invoices} invoices, ${counts.customers} customers`;

export const bytes = ({ customer, invoice, items }, name) =>
  candidates[name].files === 'all'
    ? [customer, invoice, items].reduce((sum, path) => sum + statSync(path).size, 0)
    : statSync(items).size;

const COLUMNS = {
  customer: { key: 'Account Number' },
  invoice: { key: 'Invoice Number', customer: 'Account Number', amount: 'Amount' },
  items: { invoice: 'Invoice Number', amount: 'Amount' },
};

const given = ({ customer, invoice, items }) => [
  { path: customer, kind: 'customer' },
  { path: invoice, kind: 'invoice' },
  { path: items, kind: 'items' },
];

const structure = async () => {
  const { CsvScanner } = await dist('files/scanner.js');
  const { FindingList } = await dist('files/findings.js');
  const { readBlocks } = await dist('files/blocks.js');
  return async ({ items }) => {
    const handle = await open(items);
    const scanner = new CsvScanner(new FindingList());
    for await (const block of readBlocks(handle)) scanner.write(block);
    scanner.end();
    await handle.close();
    return scanner.records;
  };
};

/** The findings of the month, 0 when all is as it should be. */
const across = async () => {
  const { checkFiles } = await dist('files/preflight.js');
  return async (files) => {
    const reports = await checkFiles(given(files), { columns: COLUMNS });
    return reports.reduce((sum, { findingsTotal }) => sum + findingsTotal, 0);
  };
};

const AGAINST_CSV_PARSE = 'structure, against csv-parse';
const AGAINST_PAPAPARSE = 'structure, against papaparse';
const PASS = 'structure, UTF-8 and both hashes in one pass';
const CROSS = 'keys, membership and sums over three files';

/** The first of each group is 1.00. */
export const candidates = {
  'csv-parse': { group: AGAINST_CSV_PARSE, load: async () => csvParse(await csvParseOf(), () => undefined) },
  'ebill, against csv-parse': { row: 'ebill', group: AGAINST_CSV_PARSE, load: structure, goal: 0.1 },
  papaparse: { group: AGAINST_PAPAPARSE, load: async () => papa(await papaparse(), () => undefined) },
  'ebill, against papaparse': { row: 'ebill', group: AGAINST_PAPAPARSE, load: structure, goal: 0.25 },
  'a bare state machine': {
    group: AGAINST_PAPAPARSE,
    load:
      async () =>
      async ({ items }) =>
        countRecords([items]),
  },
  'wc -l': { group: AGAINST_PAPAPARSE, command: ({ items }) => ['wc', '-l', items] },
  'md5sum, then sha256sum': {
    group: PASS,
    command: ({ items }) => ['sh', '-c', 'md5sum "$0" && sha256sum "$0"', items],
  },
  'ebill, everything in a file': {
    group: PASS,
    goal: 1,
    load: async () => {
      const { checkFile } = await dist('files/preflight.js');
      return async ({ items }) => {
        const { findingsTotal } = await checkFile(items, 'items');
        return findingsTotal;
      };
    },
  },
  md5sum: { group: PASS, command: ({ items }) => ['md5sum', items] },
  'a bare state machine over all three': {
    group: CROSS,
    files: 'all',
    load:
      async () =>
      async ({ customer, invoice, items }) => {
        countRecords([customer, invoice, items]);
        return 0;
      },
  },
  'ebill, across files': { group: CROSS, files: 'all', load: across, goal: 3 },
  'ebill, items in no order': {
    group: CROSS,
    files: 'all',
    load: async () => {
      const check = await across();
      return (files) => check({ ...files, items: files.shuffled });
    },
  },
  'ebill scanner, a Map of strings': {
    group: CROSS,
    files: 'all',
    load: async () => withMap(scanned, await scanner()),
  },
  'papaparse and a Map': {
    group: CROSS,
    files: 'all',
    load: async () => withMap(papa, await papaparse()),
  },
};

/** Our scanner with every wanted value as a string: what the typed arrays are held against. */
const scanner = async () => ({
  ...(await dist('files/scanner.js')),
  ...(await dist('files/findings.js')),
  ...(await dist('files/blocks.js')),
  ...(await dist('files/field-values.js')),
});

const scanned =
  ({ CsvScanner, FindingList, readBlocks, readValue, valueText }, take) =>
  async ({ items }) => {
    const value = {};
    let columns = [];
    const sink = {
      header: (names) => {
        take(names);
        columns = names.length === 3 ? [1] : names.includes('Line') ? [1, 6] : [1, 2, 6];
        return columns;
      },
      record: (_line, _whole, bytes, bounds) => {
        const record = [];
        columns.forEach((column, i) => {
          readValue(value, bytes, bounds[2 * i], bounds[2 * i + 1]);
          record[column - 1] = valueText(value);
        });
        take(record);
      },
    };
    const handle = await open(items);
    const scanner = new CsvScanner(new FindingList(), sink);
    for await (const block of readBlocks(handle)) scanner.write(block);
    scanner.end();
    await handle.close();
    return scanner.records;
  };

const papaparse = async () => (await import('papaparse')).default;
const csvParseOf = async () => (await import('csv-parse')).parse;

/** Each record to `take`, the header too. @returns records besides the header */
const papa =
  (Papa, take) =>
  ({ items }) =>
    new Promise((resolve, reject) => {
      let records = -1;
      const stream = createReadStream(items, { highWaterMark: 1 << 20 });
      Papa.parse(stream, {
        skipEmptyLines: true,
        step: ({ data }) => {
          records += 1;
          take(data);
        },
        complete: () => resolve(records),
        error: reject,
      });
    });

const csvParse =
  (parse, take) =>
  async ({ items }) => {
    let records = -1;
    const parser = createReadStream(items, { highWaterMark: 1 << 20 }).pipe(parse());
    parser.on('data', (record) => {
      records += 1;
      take(record);
    });
    await new Promise((resolve, reject) => parser.on('end', resolve).on('error', reject));
    return records;
  };

/** The same checks the plain way: a Set of customers, a Map of invoices to whole cents. @returns findings */
const withMap =
  (read, library) =>
  async ({ customer, invoice, items }) => {
    let findings = 0;
    const customers = new Set();
    const open = new Map();
    const each = async (path, take) => {
      let header;
      await read(library, (record) => {
        if (header === undefined) header = record;
        else take(record);
      })({ items: path });
    };
    await each(customer, ([key]) => {
      if (customers.has(key)) findings += 1;
      customers.add(key);
    });
    await each(invoice, (record) => {
      if (open.has(record[0]) || !customers.has(record[1])) findings += 1;
      open.set(record[0], cents(record[5]));
    });
    await each(items, (record) => {
      const left = open.get(record[0]);
      if (left === undefined) findings += 1;
      else open.set(record[0], left - cents(record[5]));
    });
    for (const left of open.values()) if (left !== 0) findings += 1;
    return findings;
  };

/** Two decimals, as these files have. */
const cents = (text) => Number(text.replace('.', ''));
