import { PLAN_SCHEMA } from '../../plan/plan-schema.ts';
import { examples, lines, type Row, section, seeAlso, type TopicText } from '../text.ts';

/** The part of JSON schema that the schema of plans uses. */
interface Node {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Node>>;
  readonly items?: Node;
}

/** Every key below a node with its description; a key in a list is `invoices[].file`. */
function planKeys(node: Node, above = ''): readonly Row[] {
  return Object.entries(node.properties ?? {}).flatMap(([name, key]): Row[] => {
    const path = `${above}${name}`;
    const required = node.required?.includes(name) === true ? 'Required. ' : '';
    const byDefault = key.default === undefined ? '' : ` Default: ${String(key.default)}.`;
    const own: Row = [path, `${required}${key.description ?? ''}${byDefault}`];
    return [own, ...planKeys(key, `${path}.`), ...planKeys(key.items ?? {}, `${path}[].`)];
  });
}

export const plan: TopicText = {
  description:
    'A plan is a YAML file that describes a whole month for ebill run. Running it again resumes where it stopped. Paths are relative to the plan file. A pattern must match at least one file. An unknown key, a wrong type or a missing file is an error (2) with its line and column, reported before anything is sent.',
  sections: [
    section(
      'A complete plan',
      lines(`job: AUG_2020
init: {}
customers: [cus_*.csv]
invoices:
  - file: inv_1.csv
    items: [itm_1_*.csv]
columns:
  customer:
    key: Account Number
  invoice:
    key: Invoice Number
    customer: Account Number
    amount: Amount
  items:
    invoice: Invoice Number
    amount: Amount
accept:
  failedRecords: 0
expect:
  against: last
  customers:
    records: 10%
  invoices:
    records: 5%
    amount: 10%
strict: true
allowWarnings: [leading-zeros]`),
      PLAN_SCHEMA.description,
    ),
    section('Keys', { type: 'terms', rows: planKeys(PLAN_SCHEMA as Node) }),
    examples(
      ['ebill run --init-plan --job AUG_2020', 'write plan.yaml for the CSV files in this folder'],
      ['ebill run --plan-schema > plan.schema.json', 'save the JSON schema for an editor'],
      ['ebill run plan.yaml --dry-run', 'check everything and show what would be sent'],
    ),
    seeAlso('run', 'validate', 'help exit-codes'),
  ],
};
