import { createHash } from 'node:crypto';
import { open, stat } from 'node:fs/promises';
import { type Columns, columnsOf, ROLE_NAMES, type RoleName } from '../batch/columns.ts';
import type { Limits } from '../batch/comparison.ts';
import type { WarningCode } from '../batch/finding-codes.ts';
import { jobIdProblem } from '../batch/job-ids.ts';
import type { RecordStatusMap } from '../batch/record-status.ts';
import { EbillError, errnoOf, messageOf } from '../errors.ts';
import { firstBadUtf8 } from '../files/encoding.ts';
import { visible } from '../system/escaping.ts';
import {
  type Expectations,
  invalidPlan,
  type Mistake,
  type Plan,
  type PlannedFile,
  type PlannedInit,
} from './plan-schema.ts';
import { schemaMistakes, textProblem } from './schema-mistakes.ts';
import { readYaml, type YamlPlaces } from './yaml.ts';

/** Size limit in bytes. A plan that names ten thousand files is still smaller. */
const MAX_BYTES = 1 << 20;

export interface PlanFile {
  readonly plan: Plan;
  /** The name for messages. */
  readonly name: string;
  /** SHA-256 of the file, lower-case hex. */
  readonly sha256: string;
}

/**
 * Reads a plan file.
 * @param path absolute
 * @param name the name as the user wrote it
 * @throws EbillError INVALID_PLAN when the file cannot be read or has mistakes
 */
export async function readPlan(path: string, name: string): Promise<PlanFile> {
  const shown = visible(name);
  const bytes = await readBytes(path, shown);
  const mistake = encodingMistake(bytes);
  if (mistake !== null) throw invalidPlan(shown, [mistake]);

  const plan = parsePlan(bytes.toString('utf8'), shown);
  return { plan, name: shown, sha256: createHash('sha256').update(bytes).digest('hex') };
}

/** Bytes read beyond the size that a file reports. */
const BLOCK = 4096;

async function readBytes(path: string, name: string): Promise<Buffer> {
  try {
    // Check before opening: opening a named pipe blocks until there is a writer.
    const what = await stat(path);
    if (what.isDirectory())
      throw unfit(`${name} is a folder, not a plan file.`, 'Give the path of the plan file in it.');
    if (!what.isFile()) throw unfit(`${name} is not a regular file.`, 'Save the plan to a file first.');
    const file = await open(path);
    try {
      const { size } = await file.stat();
      if (size > MAX_BYTES) throw tooLarge(name, `is ${size} bytes`);
      // Never read more than the limit: the file may grow, and files in /proc report size 0.
      let bytes = Buffer.alloc(size + BLOCK);
      let filled = 0;
      for (let read = 1; read > 0 && filled <= MAX_BYTES; filled += read) {
        if (filled === bytes.length) bytes = Buffer.concat([bytes, Buffer.alloc(bytes.length)]);
        ({ bytesRead: read } = await file.read(bytes, filled, bytes.length - filled));
      }
      if (filled > MAX_BYTES) throw tooLarge(name, 'is larger than its reported size');
      return bytes.subarray(0, filled);
    } finally {
      await file.close();
    }
  } catch (cause) {
    if (cause instanceof EbillError) throw cause;
    const code = errnoOf(cause);
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw unfit(
        `The plan ${name} does not exist.`,
        'Check the path. To write a plan from the CSV files in this folder: ebill run --init-plan',
        cause,
      );
    }
    const why = code === 'EACCES' || code === 'EPERM' ? 'permission denied' : messageOf(cause);
    throw unfit(
      `The plan ${name} cannot be read: ${why}.`,
      'Check that you have permission to read it.',
      cause,
    );
  }
}

const unfit = (message: string, hint: string, cause?: unknown): EbillError =>
  new EbillError('INVALID_PLAN', message, { hint, cause });

const tooLarge = (name: string, size: string): EbillError =>
  unfit(
    `${name} ${size}; a plan can have at most ${MAX_BYTES} bytes.`,
    'Give the plan file, not a CSV file. In a plan, one pattern such as itm_*.csv matches many files.',
  );

/** The first place that is not valid UTF-8; `null` when there is none. */
function encodingMistake(bytes: Buffer): Mistake | null {
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff))
    return { line: 1, column: 1, message: 'the file is UTF-16; save it as UTF-8' };
  const bad = firstBadUtf8(bytes);
  if (bad === null) return null;
  const before = bytes.toString('utf8', 0, bad).split('\n');
  const column = (before.at(-1) ?? '').length + 1;
  return { line: before.length, column, message: 'not valid UTF-8 from here on; save the file as UTF-8' };
}

/** A plan after the schema check. */
interface RawPlan {
  readonly job: string;
  readonly init?: Partial<PlannedInit>;
  readonly customers?: readonly string[];
  readonly invoices?: readonly { readonly file: string; readonly items?: readonly string[] }[];
  readonly columns?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly accept?: { readonly failedRecords?: number };
  readonly expect?: {
    readonly against?: string;
    readonly customers?: Limits['customer'];
    readonly invoices?: Limits['invoice'];
    readonly items?: Limits['items'];
  };
  readonly strict?: boolean;
  readonly allowWarnings?: readonly WarningCode[];
  readonly recordStatus?: RecordStatusMap;
}

/**
 * Parses the text of a plan (commands rule 30). Pure.
 * @param name the file name for the messages
 * @throws EbillError INVALID_PLAN naming every mistake with line and column
 */
export function parsePlan(text: string, name: string): Plan {
  const nul = text.indexOf('\0');
  if (nul >= 0) {
    const before = text.slice(0, nul).split('\n');
    const column = (before.at(-1) ?? '').length + 1;
    const message = 'a NUL byte: this is not a text file, or it is not UTF-8; save it as UTF-8';
    throw invalidPlan(name, [{ line: before.length, column, message }]);
  }
  const yaml = readYaml(text.replace(/^\ufeff/, ''));
  if ('mistakes' in yaml) throw invalidPlan(name, yaml.mistakes);
  const { value, places } = yaml;
  const wrong = schemaMistakes(value, places);
  if (wrong.length > 0) throw invalidPlan(name, wrong);
  const plan = toPlan(value as RawPlan, places);
  const others = planMistakes(plan, places);
  if (others.length > 0) throw invalidPlan(name, others);
  return plan;
}

function toPlan(raw: RawPlan, places: YamlPlaces): Plan {
  const fileAt = (text: string, path: readonly (string | number)[]): PlannedFile => ({
    text,
    ...places.of(path.map(String)),
  });
  const { init } = raw;
  return {
    job: raw.job,
    init:
      init === undefined
        ? null
        : {
            carryForwardInvoices: init.carryForwardInvoices ?? true,
            carryForwardCreditMemos: init.carryForwardCreditMemos ?? true,
            carryForwardDebitMemos: init.carryForwardDebitMemos ?? true,
            zeroOutCustomerBalance: init.zeroOutCustomerBalance ?? false,
          },
    customers: (raw.customers ?? []).map((text, i) => fileAt(text, ['customers', i])),
    invoices: (raw.invoices ?? []).map(({ file, items = [] }, i) => ({
      file: fileAt(file, ['invoices', i, 'file']),
      items: items.map((text, n) => fileAt(text, ['invoices', i, 'items', n])),
    })),
    columns: toColumns(raw.columns ?? {}),
    accept: { failedRecords: raw.accept?.failedRecords ?? 0 },
    expect: toExpectations(raw.expect ?? {}),
    strict: raw.strict ?? null,
    allowWarnings: raw.allowWarnings ?? [],
    recordStatus: raw.recordStatus ?? {},
  };
}

function toExpectations(raw: NonNullable<RawPlan['expect']>): Expectations {
  const { against = 'last', customers, invoices, items } = raw;
  const limits: Limits = {
    ...(customers && { customer: customers }),
    ...(invoices && { invoice: invoices }),
    ...(items && { items }),
  };
  return { against, limits };
}

function toColumns(raw: NonNullable<RawPlan['columns']>): Columns {
  const list = ROLE_NAMES.flatMap((name): [RoleName, string][] => {
    const [kind = '', role = ''] = name.split('.');
    const column = raw[kind]?.[role];
    return column === undefined ? [] : [[name, column]];
  });
  return columnsOf(list);
}

/** Checks that a schema cannot express. */
function planMistakes(plan: Plan, places: YamlPlaces): readonly Mistake[] {
  const mistakes: Mistake[] = [];
  // The schema counts characters, `jobIdProblem` counts UTF-16 units.
  if (jobIdProblem(plan.job) !== null)
    mistakes.push({ ...places.of(['job']), message: textProblem('job', plan.job) });
  if (plan.init === null && plan.customers.length === 0 && plan.invoices.length === 0) {
    mistakes.push({
      ...places.of([]),
      message: 'this plan does nothing: add customers, invoices or init (init: {} starts the load)',
    });
  }
  return mistakes;
}
