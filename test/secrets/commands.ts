/** A month's commands in their order, and all others, as an operator would type them; each must be among them. */
export const COMMANDS: readonly (readonly string[])[] = [
  ['doctor'],
  ['validate', '--customer', 'cus.csv', '--invoice', 'inv.csv', '--items', 'itm_1.csv'],
  ['init', '--job', 'AUG', '--dry-run'],
  ['init', '--job', 'AUG'],
  ['upload', 'customer', 'cus.csv', '--wait', '--max-wait', '5s'],
  ['upload', 'invoice', 'inv.csv', '--items', 'itm_1.csv'],
  ['upload', 'items', 'itm_2.csv', '--parent-job-id', 'AUG_INV'],
  ['finalize'],
  ['status', '--job', 'AUG'],
  ['status', '--job-id', 'AUG_CUS'],
  ['status', '--job', 'ELSEWHERE', '--format', 'tsv'],
  ['watch', '--job', 'AUG', '--max-wait', '5s', '--patience', '1s'],
  ['results', '--job', 'AUG', '--rejects', '--out', 'home'],
  ['report', '--job', 'AUG', '--out', 'report.html'],
  ['run', '--init-plan', '--job', 'SEP'],
  ['run', 'plan.yaml', '--dry-run'],
  ['run', 'plan.yaml', '--max-wait', '5s', '--patience', '1s', '--notify', 'cat'],
  ['loads'],
  ['loads', 'show', 'AUG'],
  ['api', 'GET', '/rest/batchProcess?jobId=AUG_CUS'],
  ['api', 'POST', '/rest/batchProcess?mode=BatchInit', '--input', 'itm_2.csv'],
  ['profile', 'list'],
  ['profile', 'show', 'lab'],
  ['profile', 'use', 'lab'],
  ['profile', 'set', 'lab', '--status-name', 'Odd=running'],
  ['completion', 'bash'],
  ['help', 'security'],
  ['status', '--nonsense'],
];

/** Not in the month: they make the profile, end it, or are a server of their own (see the tests by name). */
export const ELSEWHERE = ['profile add', 'profile remove', 'sandbox', 'demo'];
