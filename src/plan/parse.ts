import { type Columns, columnsOf, ROLE_NAMES, type RoleName } from '../batch/columns.ts';
import { jobIdProblem } from '../batch/job-ids.ts';
import { planMistakes } from './mistakes.ts';
import type { Places } from './places.ts';
import { readYaml } from './read-yaml.ts';
import { textProblem } from './schema-words.ts';
import type { Given, Mistake, Plan, PlannedInit } from './types.ts';
import { schemaMistakes } from './validate.ts';

/** The plan as its schema promises it. */
interface RawPlan {
  readonly job: string;
  readonly init?: Partial<PlannedInit>;
  readonly customers?: readonly string[];
  readonly invoices?: readonly { readonly file: string; readonly items?: readonly string[] }[];
  readonly columns?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly accept?: { readonly failedRecords?: number };
}

/**
 * A plan from its text (cli.md, "Plan file"). Pure.
 * @param name of the file, for the messages
 * @throws EbillError INVALID_PLAN naming every mistake with line and column
 */
export function parsePlan(text: string, name: string): Plan {
  const nul = text.indexOf('\0');
  if (nul >= 0) {
    const before = text.slice(0, nul).split('\n');
    const column = (before.at(-1) ?? '').length + 1;
    const message = 'a NUL stands here: this is no text, or not in UTF-8; save it as UTF-8';
    throw planMistakes(name, [{ line: before.length, column, message }]);
  }
  const yaml = readYaml(text.replace(/^\ufeff/, ''));
  if ('mistakes' in yaml) throw planMistakes(name, yaml.mistakes);
  const { value, places } = yaml;
  const wrong = schemaMistakes(value, places);
  if (wrong.length > 0) throw planMistakes(name, wrong);
  const plan = shaped(value as RawPlan, places);
  const senseless = mistakesOf(plan, places);
  if (senseless.length > 0) throw planMistakes(name, senseless);
  return plan;
}

function shaped(raw: RawPlan, places: Places): Plan {
  const given = (text: string, path: readonly (string | number)[]): Given => ({
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
    customers: (raw.customers ?? []).map((text, i) => given(text, ['customers', i])),
    invoices: (raw.invoices ?? []).map(({ file, items = [] }, i) => ({
      file: given(file, ['invoices', i, 'file']),
      items: items.map((text, n) => given(text, ['invoices', i, 'items', n])),
    })),
    columns: columns(raw.columns ?? {}),
    accept: { failedRecords: raw.accept?.failedRecords ?? 0 },
  };
}

function columns(raw: NonNullable<RawPlan['columns']>): Columns {
  const list = ROLE_NAMES.flatMap((name): [RoleName, string][] => {
    const [kind = '', role = ''] = name.split('.');
    const column = raw[kind]?.[role];
    return column === undefined ? [] : [[name, column]];
  });
  return columnsOf(list);
}

/** What a schema cannot say. */
function mistakesOf(plan: Plan, places: Places): readonly Mistake[] {
  const mistakes: Mistake[] = [];
  // The schema counts characters, the rule UTF-16 units.
  if (jobIdProblem(plan.job) !== null)
    mistakes.push({ ...places.of(['job']), message: textProblem('job', plan.job) });
  if (plan.init === null && plan.customers.length === 0 && plan.invoices.length === 0) {
    mistakes.push({
      ...places.of([]),
      message:
        'there is nothing to do in this plan: name customers, invoices, or init (init: {} starts the load)',
    });
  }
  return mistakes;
}
