import { PLAN_SCHEMA } from '../plan/schema.ts';

interface Node {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly items?: Node;
}

/** Every key of a plan, from its schema. */
export function planParagraphs(): readonly string[] {
  return [
    'A plan is a YAML file that ebill run takes. Paths in it are relative to it; a pattern must match something. ebill run --init-plan writes one from the CSV files of a folder, and ebill run --plan-schema prints its JSON schema for editors.',
    `  job: AUG_2020
  init: {}
  customers: [cus_*.csv]
  invoices:
    - file: inv_1.csv
      items: [itm_1_*.csv]
  columns:
    customer: { key: Account Number }
    invoice: { key: Invoice Number, customer: Account Number, amount: Amount }
    items: { invoice: Invoice Number, amount: Amount }
  accept: { failedRecords: 0 }`,
    PLAN_SCHEMA.description,
    ...keys(PLAN_SCHEMA as Node, ''),
  ];
}

function keys({ properties = {} }: Node, above: string): readonly string[] {
  return Object.entries(properties).flatMap(([name, node]) => {
    const path = `${above}${name}`;
    const byDefault = node.default === undefined ? '' : ` Default: ${String(node.default)}.`;
    const own = `  ${path}\n      ${node.description ?? ''}${byDefault}`;
    return [own, ...keys(node, `${path}.`), ...keys(node.items ?? {}, `${path}[].`)];
  });
}
