import { PLAN_SCHEMA } from '../../plan/plan-schema.ts';
import type { Row, TopicText } from '../page.ts';

/** As much of a JSON schema as a plan's uses. */
interface Node {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Node>>;
  readonly items?: Node;
}

/** Every key below a node, `invoices[].file` for one in a list, with what the schema says of it. */
export function planKeys(node: Node, above = ''): readonly Row[] {
  return Object.entries(node.properties ?? {}).flatMap(([name, key]): Row[] => {
    const path = `${above}${name}`;
    const needed = node.required?.includes(name) === true ? 'Required. ' : '';
    const byDefault = key.default === undefined ? '' : ` Default: ${String(key.default)}.`;
    const own: Row = [path, `${needed}${key.description ?? ''}${byDefault}`];
    return [own, ...planKeys(key, `${path}.`), ...planKeys(key.items ?? {}, `${path}[].`)];
  });
}

export const plan: TopicText = {
  description:
    'A plan is a YAML file that holds a whole month; ebill run goes through it, and goes on with it when it is run again. Paths are relative to the plan. A pattern must match something. An unknown key, a wrong type or a missing file is an error (2), with its line and column, before anything is sent.',
  sections: [
    {
      title: 'A plan with everything',
      blocks: [
        {
          type: 'lines',
          lines: [
            'job: AUG_2020',
            'init: {}',
            'customers: [cus_*.csv]',
            'invoices:',
            '  - file: inv_1.csv',
            '    items: [itm_1_*.csv]',
            'columns:',
            '  customer:',
            '    key: Account Number',
            '  invoice:',
            '    key: Invoice Number',
            '    customer: Account Number',
            '    amount: Amount',
            '  items:',
            '    invoice: Invoice Number',
            '    amount: Amount',
            'accept:',
            '  failedRecords: 0',
          ],
        },
        { type: 'text', text: PLAN_SCHEMA.description },
      ],
    },
    { title: 'Keys', blocks: [{ type: 'terms', rows: planKeys(PLAN_SCHEMA as Node) }] },
    {
      title: 'Examples',
      blocks: [
        {
          type: 'examples',
          rows: [
            ['ebill run --init-plan --job AUG_2020', 'write plan.yaml from the CSV files here'],
            ['ebill run --plan-schema > plan.schema.json', 'the JSON schema, for editors'],
            ['ebill run plan.yaml --dry-run', 'check everything, and show what would be sent'],
          ],
        },
      ],
    },
    { title: 'See also', blocks: [{ type: 'see', names: ['run', 'validate', 'help exit-codes'] }] },
  ],
};
