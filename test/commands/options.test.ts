import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { command as api } from '../../src/commands/api.ts';
import { command as demo } from '../../src/commands/demo.ts';
import { command as finalize } from '../../src/commands/finalize.ts';
import { COMMANDS } from '../../src/commands/index.ts';
import { command as init } from '../../src/commands/init.ts';
import { command as report } from '../../src/commands/report.ts';
import { command as results } from '../../src/commands/results.ts';
import { command as run } from '../../src/commands/run.ts';
import type { CommandModule } from '../../src/commands/shared/command.ts';
import { declareGlobals, globalOptions } from '../../src/commands/shared/options.ts';
import { command as status } from '../../src/commands/status.ts';
import { command as customer } from '../../src/commands/upload-customer.ts';
import { command as invoice } from '../../src/commands/upload-invoice.ts';
import { command as items } from '../../src/commands/upload-items.ts';
import { command as watch } from '../../src/commands/watch.ts';

/** argv after the command's name → its typed options. */
function parse<O>(module: CommandModule<O>, line: string): O {
  const cmd = new Command('x').exitOverride().configureOutput({ writeErr: () => undefined });
  module.configure(cmd);
  cmd.action(() => undefined).parse(line === '' ? [] : line.split(' '), { from: 'user' });
  return module.options(cmd.processedArgs.flat(), cmd.opts());
}

const GLOBALS = {
  profile: null,
  baseUrl: null,
  format: 'table',
  json: false,
  fields: null,
  quiet: false,
  verbose: false,
  showUrls: false,
  progress: 'auto',
  color: 'auto',
  timeoutMs: 60_000,
  retries: 5,
  outageMs: 60_000,
  settleMs: null,
  dryRun: false,
  yes: false,
};
const INIT = {
  job: null,
  jobId: null,
  carryForwardInvoices: true,
  carryForwardCreditMemos: true,
  carryForwardDebitMemos: true,
  zeroOutCustomerBalance: false,
  initTimeoutMs: null,
};
const WAIT = {
  cadence: { fixedMs: null },
  maxWaitMs: null,
  patienceMs: 600_000,
  download: null,
  notify: null,
  notifyUrl: null,
  metrics: null,
  recordStatus: {},
};
const UPLOAD = {
  files: ['f'],
  job: null,
  jobId: null,
  concurrency: 4,
  finalize: false,
  wait: false,
  validate: true,
  again: false,
  next: false,
  adopt: false,
  restartInvoice: false,
  leaveOut: [],
  shard: null,
  columns: [],
  strict: null,
  allowWarnings: [],
  watch: WAIT,
};
const SELECT = { job: null, ids: [], jobIds: [] };

describe('global options', () => {
  const parsed = (line: string, env: Record<string, string> = {}): unknown => {
    const program = new Command('x').exitOverride().configureOutput({ writeErr: () => undefined });
    declareGlobals(program);
    program.action(() => undefined).parse(line === '' ? [] : line.split(' '), { from: 'user' });
    return globalOptions(program.opts(), env);
  };
  it.each([
    ['', {}],
    ['--profile prod', { profile: 'prod' }],
    ['--base-url https://x', { baseUrl: 'https://x' }],
    ['--json', { json: true, format: 'json' }],
    ['--format json', { json: true, format: 'json' }],
    ['--format tsv', { format: 'tsv' }],
    ['--fields jobId,phase', { fields: ['jobId', 'phase'] }],
    ['--quiet', { quiet: true }],
    ['--verbose', { verbose: true }],
    ['--show-urls', { showUrls: true }],
    ['--progress json', { progress: 'json' }],
    ['--color never', { color: 'never' }],
    ['--timeout 5m', { timeoutMs: 300_000 }],
    ['--timeout 7', { timeoutMs: 7_000 }],
    ['--retries 0', { retries: 0, outageMs: 0 }],
    ['--settle 5m', { settleMs: 300_000 }],
    ['--settle 0', { settleMs: 0 }],
    ['--dry-run', { dryRun: true }],
    ['--yes', { yes: true }],
  ])('%s', (line, over) => {
    expect(parsed(line)).toEqual({ ...GLOBALS, ...over });
  });
  it('take the settle time from the environment; an option overrides it', () => {
    const env = { EBILL_SETTLE: '0s' };
    expect(parsed('', env)).toEqual({ ...GLOBALS, settleMs: 0 });
    expect(parsed('--settle 2s', env)).toEqual({ ...GLOBALS, settleMs: 2_000 });
    expect(parsed('', { EBILL_SETTLE: '' })).toEqual(GLOBALS);
    expect(() => parsed('', { EBILL_SETTLE: 'soon' })).toThrow('EBILL_SETTLE');
  });
  it.each([
    '--progress loud',
    '--color green',
    '--timeout soon',
    '--timeout 0',
    '--retries many',
    '--retries -1',
  ])('%s is refused', (line) => {
    expect(() => parsed(line)).toThrow();
  });
});

describe('init', () => {
  it.each([
    ['', {}],
    ['--job A', { job: 'A' }],
    ['--job-id X', { jobId: 'X' }],
    ['--no-carry-forward-invoices', { carryForwardInvoices: false }],
    ['--no-carry-forward-credit-memos', { carryForwardCreditMemos: false }],
    ['--no-carry-forward-debit-memos', { carryForwardDebitMemos: false }],
    ['--zero-out-customer-balance', { zeroOutCustomerBalance: true }],
  ])('%s', (line, over) => {
    expect(parse(init, line)).toEqual({ ...INIT, ...over });
  });
});

describe('upload', () => {
  it.each([
    ['f', {}],
    ['f g', { files: ['f', 'g'] }],
    ['f --job A', { job: 'A' }],
    ['f --job-id 007', { jobId: '007' }],
    ['f --concurrency 8', { concurrency: 8 }],
    ['f --finalize', { finalize: true }],
    ['f --wait', { finalize: true, wait: true }],
    ['f --no-validate', { validate: false }],
    ['f --again', { again: true }],
    ['f --next', { next: true }],
    ['f --adopt', { adopt: true }],
    ['f --interval 10s', { watch: { ...WAIT, cadence: { fixedMs: 10_000 } } }],
    ['f --max-wait 2h', { watch: { ...WAIT, maxWaitMs: 7_200_000 } }],
    ['f --patience 1m', { watch: { ...WAIT, patienceMs: 60_000 } }],
    ['f --column invoice.key=No', { columns: [['invoice.key', 'No']] }],
    ['f --strict', { strict: true }],
    ['f --no-strict', { strict: false }],
    ['f --allow-warning no-items --allow-warning mojibake', { allowWarnings: ['no-items', 'mojibake'] }],
    ['f --download d', { watch: { ...WAIT, download: 'd' } }],
    ['f --wait --notify n', { finalize: true, wait: true, watch: { ...WAIT, notify: 'n' } }],
  ])('%s', (line, over) => {
    expect(parse(customer, line)).toEqual({ ...UPLOAD, ...over });
    expect(parse(invoice, line)).toEqual({ ...UPLOAD, items: [], ...over });
    expect(parse(items, line)).toEqual({ ...UPLOAD, parentId: null, parentJobId: null, ...over });
  });
  it('invoice --items, items --parent-…', () => {
    expect(parse(invoice, 'f --items a b')).toEqual({ ...UPLOAD, items: ['a', 'b'] });
    expect(parse(items, 'f --parent-id 4')).toEqual({ ...UPLOAD, parentId: '4', parentJobId: null });
    expect(parse(invoice, 'f --restart-invoice')).toEqual({ ...UPLOAD, items: [], restartInvoice: true });
    expect(parse(items, 'f --shard 3/8')).toEqual({
      ...UPLOAD,
      adopt: true,
      shard: { k: 3, n: 8 },
      parentId: null,
      parentJobId: null,
    });
    for (const shard of ['0/8', '9/8', '3', 'a/b', '3/8 --next', '3/8 --job-id X'])
      expect(() => parse(items, `f --shard ${shard}`)).toThrow();
    expect(parse(items, 'f --parent-job-id P')).toEqual({ ...UPLOAD, parentId: null, parentJobId: 'P' });
  });
  it('refuses options that contradict each other', () => {
    for (const line of [
      'f --adopt --next',
      'f g --job-id X',
      'f --concurrency 0',
      'f --strict --no-validate',
      'f --allow-warning no-item',
      'f --allow-warning ragged',
      'f --interval 0',
      'f --notify n',
      'f --wait --notify= ',
      'f --notify-url https://hooks.example.com/x',
      'f --metrics m.prom',
      'f --wait --notify-url=',
      'f --wait --metrics -',
      'f --job  ',
    ]) {
      expect(() => parse(customer, line)).toThrow();
    }
    expect(() => parse(invoice, 'f g --items a')).toThrow();
    expect(() => parse(items, 'f g --job-id X')).toThrow();
    expect(() => parse(customer, '')).toThrow();
  });
});

describe('finalize, status, watch', () => {
  it.each([
    ['', {}],
    ['--job A', { job: 'A' }],
    ['--id 1 --id 2', { ids: ['1', '2'] }],
    ['--job-id X --job-id Y', { jobIds: ['X', 'Y'] }],
  ])('%s', (line, over) => {
    expect(parse(finalize, line)).toEqual({ ...SELECT, leaveOut: [], ...over });
    expect(parse(status, line)).toEqual({ ...SELECT, exitStatus: false, ...over });
    expect(parse(watch, line)).toEqual({ ...SELECT, watch: WAIT, ...over });
  });
  it('--leave-out', () => {
    expect(parse(finalize, '--leave-out a.csv --leave-out X').leaveOut).toEqual(['a.csv', 'X']);
    expect(parse(customer, 'f --leave-out a.csv').leaveOut).toEqual(['a.csv']);
  });
  it('--notify', () => {
    expect(parse(watch, '--notify n')).toEqual({ ...SELECT, watch: { ...WAIT, notify: 'n' } });
    expect(parse(run, 'p --notify n').watch).toEqual({ ...WAIT, notify: 'n' });
    expect(() => parse(watch, '--notify=')).toThrow('--notify is empty');
  });
  it('--notify-url, --metrics', () => {
    const line = '--notify-url https://hooks.example.com/x --metrics m.prom';
    const given = { ...WAIT, notifyUrl: 'https://hooks.example.com/x', metrics: 'm.prom' };
    expect(parse(watch, line)).toEqual({ ...SELECT, watch: given });
    expect(parse(run, `p ${line}`).watch).toEqual(given);
    expect(parse(customer, `f --wait ${line}`).watch).toEqual(given);
    expect(() => parse(watch, '--notify-url=')).toThrow('--notify-url is empty');
    expect(() => parse(watch, '--metrics=')).toThrow('--metrics needs the name of a file');
    expect(() => parse(customer, 'f --metrics m.prom')).toThrow('--metrics needs --wait');
  });
  it('--exit-status; a load and single batches exclude each other', () => {
    expect(parse(status, '--exit-status')).toEqual({ ...SELECT, exitStatus: true });
    expect(() => parse(status, '--job A --id 1')).toThrow();
  });
});

describe('results', () => {
  const columns = { status: null, message: null };
  const RESULTS = {
    ...SELECT,
    out: null,
    rejects: false,
    force: false,
    columns,
    keyColumns: [],
    recordStatus: {},
  };
  it.each([
    ['', {}],
    ['--job A', { job: 'A' }],
    ['--id 1 --job-id X', { ids: ['1'], jobIds: ['X'] }],
    ['--out d', { out: 'd' }],
    ['--rejects', { rejects: true }],
    ['--force', { force: true }],
    ['--status-column S', { columns: { ...columns, status: 'S' } }],
    ['--message-column #4', { columns: { ...columns, message: '#4' } }],
    ['--key-column K', { keyColumns: ['K'] }],
    ['--key-column K --key-column L', { keyColumns: ['K', 'L'] }],
    ['--record-status S=loaded', { recordStatus: { S: 'loaded' } }],
  ])('%s', (line, over) => {
    expect(parse(results, line)).toEqual({ ...RESULTS, ...over });
  });
});

describe('run and report', () => {
  const RUN = {
    plan: 'p.yaml',
    initPlan: false,
    planSchema: false,
    job: null,
    out: null,
    concurrency: 4,
    adopt: false,
    next: false,
    restartInvoice: false,
    strict: null,
    allowWarnings: [],
    against: null,
    watch: WAIT,
    initTimeoutMs: null,
    freeze: null,
    approved: null,
    approvedBy: null,
  };
  it.each([
    ['p.yaml', {}],
    ['p.yaml --init-timeout 1h', { initTimeoutMs: 3_600_000 }],
    ['p.yaml --out d', { out: 'd' }],
    ['p.yaml --download d', { out: 'd', watch: { ...WAIT, download: 'd' } }],
    ['p.yaml --concurrency 8', { concurrency: 8 }],
    ['p.yaml --adopt', { adopt: true }],
    ['p.yaml --no-strict', { strict: false }],
    ['p.yaml --against JUL_2020', { against: 'JUL_2020' }],
    ['p.yaml --strict --allow-warning no-items', { strict: true, allowWarnings: ['no-items'] }],
    ['p.yaml --next', { next: true }],
    ['p.yaml --restart-invoice', { restartInvoice: true }],
    ['p.yaml --max-wait 2h', { watch: { ...WAIT, maxWaitMs: 7_200_000 } }],
    ['p.yaml --notify mail', { watch: { ...WAIT, notify: 'mail' } }],
    ['--init-plan --job A', { plan: null, initPlan: true, job: 'A' }],
    ['p.yaml --approved a.json --approved-by jo', { approved: 'a.json', approvedBy: 'jo' }],
    ['p.yaml --freeze a.json', { freeze: 'a.json' }],
    ['--plan-schema', { plan: null, planSchema: true }],
  ])('run %s', (line, over) => {
    expect(parse(run, line)).toEqual({ ...RUN, ...over });
  });
  it.each([
    ['', 'No plan was given'],
    ['p.yaml --job A', '--job can be used only with --init-plan'],
    ['p.yaml --adopt --next', '--next cannot be used with --adopt'],
    ['p.yaml --out a --download b', 'two folders'],
    ['p.yaml --concurrency 0', '--concurrency cannot be "0"'],
  ])('run %s is refused', (line, message) => {
    expect(() => parse(run, line)).toThrow(message);
  });
  it('report --out --force', () => {
    expect(parse(report, '')).toEqual({ ...SELECT, out: null, force: false, recordStatus: {} });
    expect(parse(report, '--job A --out r.html --force')).toEqual({
      ...SELECT,
      job: 'A',
      out: 'r.html',
      force: true,
      recordStatus: {},
    });
  });
});

describe('api and demo', () => {
  it('api METHOD PATH --input', () => {
    expect(parse(api, 'get /rest/x')).toEqual({ method: 'GET', path: '/rest/x', input: null });
    expect(parse(api, 'POST /rest/x --input -')).toEqual({ method: 'POST', path: '/rest/x', input: '-' });
    expect(() => parse(api, 'DELETE /rest/x')).toThrow();
    expect(() => parse(api, 'GET /rest/x --input f')).toThrow();
  });
  it('demo --records --seed', () => {
    expect(parse(demo, '')).toEqual({ records: 3000, seed: 1 });
    expect(parse(demo, '--records 50 --seed 9')).toEqual({ records: 50, seed: 9 });
    expect(() => parse(demo, '--records 1')).toThrow();
  });
});

describe('the command line', () => {
  it('has exactly these commands and options', async () => {
    const flags: Record<string, string[]> = {};
    for (const entry of COMMANDS) {
      const cmd = new Command('x');
      (await entry.load()).configure(cmd);
      flags[entry.path.join(' ')] = cmd.options.map((option) => option.long ?? option.flags).sort();
    }
    expect(flags).toMatchSnapshot();
  });
});
