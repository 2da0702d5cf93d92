import { type Columns, columnsOf, ROLE_NAMES, type RoleName } from '../batch/columns.ts';
import { jobIdProblem } from '../batch/job-ids.ts';
import { invalidPlan, type Mistake, type Plan, type PlannedFile, type PlannedInit } from './plan-model.ts';
import { schemaMistakes, textProblem } from './schema-mistakes.ts';
import { readYaml } from './yaml.ts';
import type { YamlPlaces } from './yaml-places.ts';

/** A plan after the schema check. */
interface RawPlan {
  readonly job: string;
  readonly init?: Partial<PlannedInit>;
  readonly customers?: readonly string[];
  readonly invoices?: readonly { readonly file: string; readonly items?: readonly string[] }[];
  readonly columns?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly accept?: { readonly failedRecords?: number };
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
  };
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
