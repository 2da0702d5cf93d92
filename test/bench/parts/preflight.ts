import { createReadStream, statSync } from 'node:fs';
import { type MonthFiles, writeMonth } from '../csv-files.ts';
import type { Functions, Work } from '../inside.ts';
import { countRecords } from '../state-machine.ts';

const AGAINST_CSV_PARSE = 'structure, against csv-parse';
const AGAINST_PAPAPARSE = 'structure, against papaparse';
const ONE_PASS = 'structure, UTF-8 and both hashes in one pass';
const ACROSS = 'keys, membership and sums over three files';

/** Loaded late: a peer's memory is without it. */
const ebill = () => import('../preflight-ebill.ts');

/** The first of each group is 1.00. */
const CANDIDATES: Readonly<Record<string, Work<MonthFiles>>> = {
  'csv-parse': {
    group: AGAINST_CSV_PARSE,
    load: async () => {
      const read = await csvParse();
      return ({ items }) => read(items, () => undefined);
    },
  },
  'ebill, against csv-parse': {
    row: 'ebill',
    group: AGAINST_CSV_PARSE,
    load: async () => (await ebill()).checkStructure,
    goal: { atMost: 0.05 },
  },
  papaparse: {
    group: AGAINST_PAPAPARSE,
    load: async () => {
      const read = await papaparse();
      return ({ items }) => read(items, () => undefined);
    },
  },
  'ebill, against papaparse': {
    row: 'ebill',
    group: AGAINST_PAPAPARSE,
    load: async () => (await ebill()).checkStructure,
    goal: { atMost: 0.15 },
  },
  'a bare state machine': {
    group: AGAINST_PAPAPARSE,
    load:
      async () =>
      ({ items }) =>
        countRecords([items]),
  },
  'wc -l': { group: AGAINST_PAPAPARSE, command: ({ items }) => ['wc', '-l', items] },
  'DuckDB, its own CSV reader': {
    group: AGAINST_PAPAPARSE,
    needs: 'duckdb',
    load: async () => {
      const query = await duckDb();
      return ({ items }) => query(countItems(items));
    },
  },
  'mlr count': {
    group: AGAINST_PAPAPARSE,
    needs: 'mlr',
    command: ({ items }) => ['mlr', '--icsv', '--ojson', 'count', items],
  },
  'md5sum, then sha256sum': {
    group: ONE_PASS,
    command: ({ items }) => ['sh', '-c', 'md5sum "$0" && sha256sum "$0"', items],
  },
  'ebill, everything in a file': {
    group: ONE_PASS,
    goal: { atMost: 0.4 },
    load: async () => (await ebill()).checkOne,
  },
  md5sum: { group: ONE_PASS, command: ({ items }) => ['md5sum', items] },
  'a bare state machine over all three': {
    group: ACROSS,
    load:
      async () =>
      ({ customer, invoice, items }) => {
        countRecords([customer, invoice, items]);
        return 0;
      },
  },
  'ebill, across files': {
    group: ACROSS,
    load: async () => (await ebill()).checkAcross,
    goal: { atMost: 2 },
  },
  'ebill, items in no order': {
    group: ACROSS,
    load: async () => {
      const { checkAcross } = await ebill();
      return (files) => checkAcross({ ...files, items: files.shuffled });
    },
  },
  'ebill scanner, a Map of strings': {
    group: ACROSS,
    load: async () => {
      const { scanned } = await ebill();
      return (files) => checkWithMaps(files, scanned);
    },
  },
  'papaparse and a Map': {
    group: ACROSS,
    load: async () => {
      const read = await papaparse();
      return (files) => checkWithMaps(files, read);
    },
  },
};

/** The check of files before they are sent, against other CSV readers. `size` is that of the item file, the largest. */
export const functions: Functions<MonthFiles> = {
  files: (folder, megabytes) => writeMonth(folder, megabytes * 1e6),
  about: ({ counts }) => `${counts.items} items, ${counts.invoices} invoices, ${counts.customers} customers`,
  bytes: ({ customer, invoice, items }, name) => {
    const paths = CANDIDATES[name]?.group === ACROSS ? [customer, invoice, items] : [items];
    return paths.reduce((sum, path) => sum + statSync(path).size, 0);
  },
  candidates: CANDIDATES,
};

/** Reads a file and gives each record to `take`, the header too. @returns records besides the header */
export type ReadRecords = (path: string, take: (record: readonly string[]) => void) => Promise<number>;

async function papaparse(): Promise<ReadRecords> {
  const { default: Papa } = await import('papaparse');
  return (path, take) =>
    new Promise((resolve, reject) => {
      let records = -1;
      Papa.parse<string[]>(createReadStream(path, { highWaterMark: 1 << 20 }), {
        skipEmptyLines: true,
        step: ({ data }) => {
          records += 1;
          take(data);
        },
        complete: () => resolve(records),
        error: reject,
      });
    });
}

async function csvParse(): Promise<ReadRecords> {
  const { parse } = await import('csv-parse');
  return (path, take) =>
    new Promise((resolve, reject) => {
      let records = -1;
      createReadStream(path, { highWaterMark: 1 << 20 })
        .pipe(parse())
        .on('data', (record: string[]) => {
          records += 1;
          take(record);
        })
        .on('end', () => resolve(records))
        .on('error', reject);
    });
}

/** Strict: a record with more or fewer fields is an error. */
const countItems = (
  path: string,
): string => `SELECT count(*) FROM read_csv('${path}', header = true, auto_detect = false,
  delim = ',', quote = '"', escape = '"', columns = {${'abcdef'.replace(/./g, "$&: 'VARCHAR', ")}})`;

interface DuckDb {
  DuckDBInstance: {
    create(path: string): Promise<{
      connect(): Promise<{ runAndReadAll(sql: string): Promise<{ getRows(): unknown[][] }> }>;
    }>;
  };
}

/** Not a dependency of the project: `optional-peers.ts`. @returns a query's first value */
async function duckDb(): Promise<(sql: string) => Promise<string>> {
  const name: string = '@duckdb/node-api';
  const { DuckDBInstance } = (await import(name)) as DuckDb;
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  return async (sql) => String((await connection.runAndReadAll(sql)).getRows()[0]?.[0]);
}

/** The same checks the plain way: a Set of customers, a Map of invoices to cents. @returns findings */
async function checkWithMaps(files: MonthFiles, read: ReadRecords): Promise<number> {
  let findings = 0;
  const customers = new Set<string>();
  const open = new Map<string, number>();
  const each = async (path: string, take: (record: readonly string[]) => void): Promise<void> => {
    let isHeader = true;
    await read(path, (record) => {
      if (!isHeader) take(record);
      isHeader = false;
    });
  };
  await each(files.customer, ([key = '']) => {
    if (customers.has(key)) findings += 1;
    customers.add(key);
  });
  await each(files.invoice, ([key = '', customer = '', , , , amount = '']) => {
    if (open.has(key) || !customers.has(customer)) findings += 1;
    open.set(key, cents(amount));
  });
  await each(files.items, ([invoice = '', , , , , amount = '']) => {
    const left = open.get(invoice);
    if (left === undefined) findings += 1;
    else open.set(invoice, left - cents(amount));
  });
  for (const left of open.values()) if (left !== 0) findings += 1;
  return findings;
}

/** These files have two decimals everywhere. */
const cents = (text: string): number => Number(text.replace('.', ''));
