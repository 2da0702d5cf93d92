import { relative, sep } from 'node:path';
import { Ajv } from 'ajv';
import { type Columns, columnList } from '../batch/columns.ts';
import { sumAmounts } from '../batch/decimals.ts';
import type { FileKind } from '../batch/types.ts';
import { APPROVAL_SCHEMA, APPROVAL_VERSION } from './approval-schema.ts';
import type { Plan, PlannedInit } from './plan-schema.ts';

/**
 * An approval: what a run of a plan would send, written by `run --freeze` and compared with the run by `--approved` (commands
 * rule 32). It has no times and nothing of the journal, so the same files, plan and options always give the same approval. Pure.
 */
export interface Approval {
  readonly ebillApproval: number;
  readonly program: 'ebill';
  /** Another one may send other things for the same plan. */
  readonly majorVersion: number;
  readonly server: string;
  readonly organisation: string | null;
  readonly job: string;
  /** `null`: the load is already initialised. */
  readonly init: PlannedInit | null;
  /** Every option of plan, command line and profile that decides what is sent, or what counts as loaded. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly totals: readonly {
    readonly kind: FileKind;
    readonly files: number;
    readonly records: number | null;
    readonly amount: string | null;
  }[];
  /** In the order in which they get their batches. */
  readonly files: readonly ApprovedFile[];
}

export interface ApprovedFile {
  /** Relative to the plan, with `/` on every system. */
  readonly path: string;
  readonly kind: FileKind;
  /** The path of the invoice file that items belong to; `null` for other files. */
  readonly invoice: string | null;
  readonly records: number | null;
  readonly amount: string | null;
  readonly bytes: number;
  readonly sha256: string;
}

/** A file that passed the checks. */
interface CheckedFile {
  /** Absolute. */
  readonly path: string;
  readonly records: number | null;
  readonly amount?: string | null;
  readonly bytes: number;
  readonly sha256: string;
}

export interface ApprovalFacts {
  /** Of the program: `1.2.3`. */
  readonly version: string;
  readonly server: string;
  readonly organisation: string | null;
  readonly plan: Plan;
  /** The folder of the plan, absolute. */
  readonly folder: string;
  readonly files: {
    readonly customers: readonly CheckedFile[];
    readonly invoices: readonly { readonly file: CheckedFile; readonly items: readonly CheckedFile[] }[];
  };
  /** Those of the profile included. */
  readonly columns: Columns;
  /** Options of the command line and the profile; they replace those of the plan. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** What a run would send. */
export function approvalOf(facts: ApprovalFacts): Approval {
  const { version, server, organisation, plan, folder } = facts;
  // Whatever else a plan says decides something.
  const { job, init, customers: _customers, invoices: _invoices, columns: _columns, ...settings } = plan;
  const pathOf = ({ path }: CheckedFile): string => relative(folder, path).split(sep).join('/');
  const entry = (kind: FileKind, file: CheckedFile, invoice: string | null): ApprovedFile => ({
    path: pathOf(file),
    kind,
    invoice,
    records: file.records,
    amount: file.amount ?? null,
    bytes: file.bytes,
    sha256: file.sha256,
  });
  const files = [
    ...facts.files.customers.map((file) => entry('customer', file, null)),
    ...facts.files.invoices.flatMap(({ file, items }) => [
      entry('invoice', file, null),
      ...items.map((item) => entry('items', item, pathOf(file))),
    ]),
  ];
  return {
    ebillApproval: APPROVAL_VERSION,
    program: 'ebill',
    majorVersion: Number.parseInt(version, 10),
    server,
    organisation,
    job,
    init,
    options: sorted({
      ...settings,
      columns: Object.fromEntries(columnList(facts.columns)),
      ...facts.options,
    }) as Approval['options'],
    totals: totalsOf(files),
    files,
  };
}

function totalsOf(files: readonly ApprovedFile[]): Approval['totals'] {
  return (['customer', 'invoice', 'items'] as const).flatMap((kind) => {
    const own = files.filter((file) => file.kind === kind);
    if (own.length === 0) return [];
    const records = own.some((file) => file.records === null)
      ? null
      : own.reduce((sum, file) => sum + (file.records ?? 0), 0);
    return [{ kind, files: own.length, records, amount: sumAmounts(own.map(({ amount }) => amount)) }];
  });
}

/** Keys in one order, whatever order a plan or a profile has them in. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, one]) => [key, sorted(one)]));
}

const check = new Ajv({ allErrors: true, allowUnionTypes: true }).compile(APPROVAL_SCHEMA);

/**
 * The approval in a text.
 * @returns why it is none, in words that follow "it"
 */
export function parseApproval(text: string): Approval | { readonly problem: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { problem: 'is not JSON' };
  }
  const version = (value as Partial<Approval> | null)?.ebillApproval;
  if (typeof version !== 'number') return { problem: 'is not an approval of ebill' };
  if (version > APPROVAL_VERSION) return { problem: `was written by a newer ebill (format ${version})` };
  if (check(value)) return value as unknown as Approval;
  const [first] = check.errors ?? [];
  const key: unknown = first?.params['additionalProperty'];
  const where = (first?.instancePath ?? '').slice(1).replaceAll('/', '.');
  const unknown = typeof key === 'string' ? `has an unknown field "${key.slice(0, 60)}"` : null;
  const place = where === '' ? '' : ` in ${where}`;
  return {
    problem: unknown === null ? `is damaged: ${first?.message ?? 'it'}${place}` : `${unknown}${place}`,
  };
}

/** Something that is not as it was approved. Texts; `null`: not there. */
export interface Difference {
  readonly what: string;
  readonly was: string | null;
  readonly now: string | null;
}

/** Everything in which two approvals differ, files by their path. */
export function differences(was: Approval, now: Approval): readonly Difference[] {
  const [before, after] = [leavesOf(was, pathsOf(now)), leavesOf(now, pathsOf(was))];
  const names = [...new Set([...before.keys(), ...after.keys()])];
  const found = names
    .map((what) => ({ what, was: before.get(what) ?? null, now: after.get(what) ?? null }))
    .filter((one) => one.was !== one.now);
  if (found.length > 0) return found;
  const order = ({ files }: Approval): string => files.map(({ path }) => path).join(', ');
  return order(was) === order(now)
    ? []
    : [{ what: 'the order of the files', was: order(was), now: order(now) }];
}

const pathsOf = ({ files }: Approval): ReadonlySet<string> => new Set(files.map(({ path }) => path));

/**
 * Every value by its name: `options.accept.failedRecords`, `cus_1.csv: sha256`.
 * @param others the paths that the other approval has; of a file that only this one has the SHA-256 is enough
 */
function leavesOf({ files, ...rest }: Approval, others: ReadonlySet<string>): ReadonlyMap<string, string> {
  const leaves = new Map<string, string>();
  const add = (name: string, value: unknown): void => {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || isEmpty(value))
      leaves.set(name, JSON.stringify(value));
    else for (const [key, one] of Object.entries(value)) add(name === '' ? key : `${name}.${key}`, one);
  };
  const { totals, ...facts } = rest;
  add('', facts);
  for (const { kind, ...total } of totals) add(`totals of ${kind} files`, total);
  for (const { path, ...file } of files) {
    if (!others.has(path)) leaves.set(path, `SHA-256 ${file.sha256}`);
    else
      for (const [key, value] of Object.entries(file)) leaves.set(`${path}: ${key}`, JSON.stringify(value));
  }
  return leaves;
}

const isEmpty = (value: object): boolean => Object.keys(value).length === 0;
