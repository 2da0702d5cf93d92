import { spawn as spawnProcess, spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { spawn } from '@lydell/node-pty';
import { describe, expect, it } from 'vitest';
import { FAST_EBILL } from '../helpers/programs.ts';
import { calls, type Machine, machine, sandbox } from './harness.ts';

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

const DEFINE = `ebill() { '${process.execPath}' '${FAST_EBILL}' "$@"; };`;

const environment = (at: Machine): Record<string, string> => ({
  PATH: process.env['PATH'] ?? '',
  HOME: at.cwd,
  ...at.env,
});

/** Lines of bash with `ebill` in them; `code` is bash's. */
function bash(at: Machine, script: string): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawnProcess('bash', ['-c', `${DEFINE} ${script}`], { cwd: at.cwd, env: environment(at) });
    let [out, err] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      err += text;
    });
    child.on('close', (code) => resolve({ code, out, err }));
  });
}

/** The same on a terminal; `out` is all that it shows. */
function onTerminal(at: Machine, script: string, env: Readonly<Record<string, string>>): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn('bash', ['-c', `${DEFINE} ${script}`], {
      name: env['TERM'] ?? 'xterm-256color',
      cols: 100,
      rows: 40,
      cwd: at.cwd,
      env: { ...environment(at), ...env },
    });
    let out = '';
    child.onData((text) => {
      out += text;
    });
    child.onExit(({ exitCode }) => resolve({ code: exitCode, out, err: '' }));
  });
}

/** A load under way: initialised, a file to send. */
async function startedLoad(at: Machine): Promise<void> {
  writeFileSync(join(at.cwd, 'cus.csv'), 'Account Number\n1\n2\n');
  await at.call(['init', '--job', 'AUG_2020']);
}

interface Row {
  readonly name: string;
  /** Only in `npm run test:all`. */
  readonly slow?: true;
  readonly script: string;
  readonly code: number;
  readonly out?: RegExp;
  readonly err?: RegExp;
  /** Calls the server must have seen besides the init. */
  readonly sent?: readonly string[];
}

const UPLOADED = ['create AUG_2020_CUS', 'put AUG_2020_CUS'];
const NOTHING: readonly string[] = [];

const ROWS: readonly Row[] = [
  { name: 'stdin closed', slow: true, script: 'ebill upload customer cus.csv <&-', code: 0, sent: UPLOADED },
  {
    name: 'stdin at its end',
    slow: true,
    script: 'ebill init --job SEP_2020 </dev/null',
    code: 0,
    sent: ['init SEP_2020_INIT'],
  },
  {
    name: 'stdout closed',
    slow: true,
    script: 'ebill upload customer cus.csv >&-',
    code: 0,
    out: /^$/,
    sent: UPLOADED,
  },
  {
    name: 'stderr closed',
    slow: true,
    script: 'ebill upload customer cus.csv 2>&-',
    code: 0,
    err: /^$/,
    sent: UPLOADED,
  },
  {
    name: 'stderr closed, and an error',
    slow: true,
    script: 'ebill upload customer nope.csv 2>&-',
    code: 2,
    sent: NOTHING,
  },
  { name: 'all three closed', script: 'ebill upload customer cus.csv <&- >&- 2>&-', code: 0, sent: UPLOADED },
  {
    name: 'a reader that has seen enough',
    script: 'ebill help environment | head -1; exit $PIPESTATUS',
    code: 0,
    out: /^[^\n]+\n$/,
    err: /^$/,
  },
  {
    name: 'a reader that reads nothing: the work goes on',
    slow: true,
    script: 'ebill upload customer cus.csv --finalize | true; exit $PIPESTATUS',
    code: 0,
    sent: [...UPLOADED, 'finalize AUG_2020_CUS'],
  },
  {
    name: 'nobody who reads stderr: the work goes on',
    slow: true,
    script: 'ebill upload customer cus.csv --finalize 2>&1 >/dev/null | true; exit $PIPESTATUS',
    code: 0,
    sent: [...UPLOADED, 'finalize AUG_2020_CUS'],
  },
  {
    name: 'a failure keeps its code, whatever reads the output',
    slow: true,
    script: 'ebill watch --job-id NOPE --json 2>/dev/null | true; exit $PIPESTATUS',
    code: 9,
  },
  {
    name: 'a full disk under stdout: what was done is done, and said',
    script: 'ebill upload customer cus.csv --json >/dev/full',
    code: 10,
    err: /error: The result could not be written: .*ENOSPC[^\n]*\n {2}→ What was done is on record/,
    sent: UPLOADED,
  },
  {
    name: 'a full disk under stderr',
    slow: true,
    script: 'ebill upload customer cus.csv 2>/dev/full',
    code: 0,
    out: /AUG_2020_CUS/,
    sent: UPLOADED,
  },
  {
    name: 'a file where a folder of results should be',
    slow: true,
    script: 'ebill results --out /dev/full',
    code: 2,
    err: /error: \/dev\/full is a file, not a folder/,
    sent: NOTHING,
  },
  {
    name: 'a device where a report should be',
    slow: true,
    script: 'ebill report --out /dev/full',
    code: 2,
    err: /error: [^\n]*\/dev\/full/,
    sent: NOTHING,
  },
  {
    name: 'no room in the home: nothing is sent',
    slow: true,
    // Shells count in blocks; a file that is there cannot grow.
    script: '(ulimit -f 0; ebill upload customer cus.csv 2>&1 >/dev/null; echo "ended with $?" >&2) | cat',
    code: 0,
    out: /error: [^\n]*\n/,
    err: /ended with [1-9]/,
    sent: NOTHING,
  },
  {
    name: 'no home where one could be',
    slow: true,
    script: 'EBILL_HOME=/dev/null/home ebill init --job SEP_2020',
    code: 2,
    err: /error: [^\n]*\/dev\/null\/home[\s\S]*→ [^\n]*EBILL_HOME/,
    sent: NOTHING,
  },
  {
    name: 'no colour, no cursor movement in a pipe, whatever the terminal is',
    script: 'export TERM=xterm-256color; ebill nonsense; ebill status',
    code: 0,
    out: /^[^\u001b]*$/,
    err: /^[^\u001b]*$/,
  },
  {
    name: 'FORCE_COLOR colours a pipe, and moves no cursor',
    slow: true,
    script: 'export FORCE_COLOR=1; ebill nonsense; ebill status',
    code: 0,
    err: /^\u001b\[1m\u001b\[31merror:|^\u001b\[31m\u001b\[1merror:/,
    out: /\u001b\[32m✔ succeeded/,
  },
  {
    name: 'NO_COLOR wins over FORCE_COLOR, and an option over both',
    script: 'export NO_COLOR=1 FORCE_COLOR=1; ebill nonsense; ebill status --color always',
    code: 0,
    err: /^error:/,
    out: /\u001b\[32m✔ succeeded/,
  },
];

describe('as scripts call it', () => {
  const holds = async ({ script, code, out, err, sent }: Row): Promise<void> => {
    const server = await sandbox();
    const at = machine(server);
    await startedLoad(at);
    const ended = await bash(at, script);
    expect(ended.err).not.toMatch(/\n\s+at |node:internal|Unhandled/);
    if (out !== undefined) expect(ended.out).toMatch(out);
    if (err !== undefined) expect(ended.err).toMatch(err);
    expect(ended.code).toBe(code);
    if (sent !== undefined) expect(calls(server).slice(1)).toEqual(sent);
  };
  const withFull = it.skipIf(!existsSync('/dev/full'));
  withFull.each(ROWS.filter(({ slow }) => slow !== true))('$name', holds);
  withFull.each(ROWS.filter(({ slow }) => slow === true))('$name', { tags: 'slow' }, holds);
});

/** May this machine give a process a disk of its own? */
const ownDisk = (): boolean =>
  spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', '-o', 'size=16k', 'none', '/mnt'], { timeout: 5000 })
    .status === 0;

describe('with a home on a separate disk', () => {
  it.skipIf(!ownDisk())(
    'sends nothing when the disk is full or read-only, and status works',
    { tags: 'slow' },
    async () => {
      const server = await sandbox();
      const at = machine(server);
      writeFileSync(join(at.cwd, 'cus.csv'), 'Account Number\n1\n2\n');
      const inside = [
        // A path so long that the journal outgrows its page: the last page of a file has room on a full disk, too.
        'd=$(printf %0250d 0); deep=$d/$d/$d/$d/$d/$d/$d/$d/$d/$d/$d; mkdir -p $deep; mv cus.csv $deep/',
        'mkdir disk && mount -t tmpfs -o size=64k,mode=700 none disk || exit 77',
        'export EBILL_HOME=$PWD/disk',
        'ebill init --job OCT_2020 >/dev/null 2>&1; echo "init $?"',
        'dd if=/dev/zero of=disk/fill bs=512 2>/dev/null',
        'ebill upload customer $deep/cus.csv --job OCT_2020; echo "full $?"',
        // A full disk is never reported as a bug, here for the sample files of a demo.
        '(cd disk && EBILL_HOME=/dev/null/x ebill demo; echo "demo $?")',
        'rm disk/fill; mount -o remount,ro disk',
        'ebill upload customer $deep/cus.csv --job OCT_2020; echo "read-only $?"',
        'ebill status --job OCT_2020; echo "status $?"',
        'mount -o remount,rw disk',
        'ebill upload customer $deep/cus.csv --job OCT_2020; echo "again $?"',
      ];
      writeFileSync(join(at.cwd, 'inside.sh'), `${DEFINE}\n${inside.join('\n')}\n`);
      const { out, err } = await bash(at, 'unshare -rm bash inside.sh');
      expect(out.match(/^(?:init|full|demo|read-only|status|again) \d+$/gm)).toEqual([
        'init 0',
        'full 2',
        'demo 2',
        'read-only 2',
        'status 0',
        'again 0',
      ]);
      expect(err).toMatch(/error: [^\n]*ENOSPC/);
      expect(err).toMatch(/error: [^\n]*EROFS/);
      expect(err).not.toContain('bug');
      expect(err).not.toMatch(/\n\s+at |node:internal/);
      expect(calls(server)).toEqual(['init OCT_2020_INIT', 'create OCT_2020_CUS', 'put OCT_2020_CUS']);
    },
  );
});

describe('on a terminal with --quiet', () => {
  const COLOUR = /\u001b\[[\d;]*m/;
  const MOVES = /\u001b\[(?:\?25|\d*[ABCDGJKH])/;

  it.each([
    {
      name: 'CI: no question, no colour, nothing moves',
      env: { CI: '1' },
      colour: false,
      moves: false,
    },
    { name: 'NO_COLOR: no colour', env: { NO_COLOR: '1' }, colour: false, moves: true },
    {
      name: 'TERM=dumb: no colour, nothing moves',
      env: { TERM: 'dumb' },
      colour: false,
      moves: false,
    },
    { name: 'FORCE_COLOR=0: no colour', env: { FORCE_COLOR: '0' }, colour: false, moves: true },
    { name: 'none of them', env: {}, colour: true, moves: true },
  ] as const)('$name', { tags: 'slow' }, async ({ env, colour, moves }) => {
    const server = await sandbox({ faults: ['status@*=slow:700ms'] });
    const at = machine(server);
    writeFileSync(join(at.cwd, 'cus.csv'), 'Account Number\n1\n2\n');
    // Nobody types: the end of the input is no answer.
    const script =
      'ebill init --job AUG_2020 </dev/null && ebill upload customer cus.csv --finalize && ebill nonsense';
    const ended = await onTerminal(at, script, { ...env });
    expect([ended.code, calls(server)[0]]).toEqual([2, 'init AUG_2020_INIT']);
    expect(COLOUR.test(ended.out)).toBe(colour);
    if (!moves) expect(ended.out).not.toMatch(MOVES);
  });
});

describe('on a dumb terminal', () => {
  it('a question is a plain line and can be answered', async () => {
    const server = await sandbox();
    const at = machine(server);
    const child = spawn(process.execPath, [FAST_EBILL, 'init', '--job', 'AUG_2020'], {
      name: 'dumb',
      cols: 100,
      rows: 40,
      cwd: at.cwd,
      env: { ...environment(at), TERM: 'dumb' },
    });
    let out = '';
    child.onData((text) => {
      out += text;
      if (/\(y\/N\) $/.test(out)) child.write('y\n');
    });
    const code = await new Promise((resolve) => child.onExit(({ exitCode }) => resolve(exitCode)));
    expect([code, calls(server)]).toEqual([0, ['init AUG_2020_INIT']]);
    expect(out).toContain('? Start the load AUG_2020? (y/N) y');
    expect(out).not.toContain('\u001b');
  });
});

describe('the output', () => {
  it('is byte for byte the same in two runs', { tags: 'slow' }, async () => {
    const server = await sandbox();
    const at = machine(server);
    await startedLoad(at);
    await at.call(['upload', 'customer', 'cus.csv', '--wait']);
    const lines = [
      ['status'],
      ['status', '--json'],
      ['status', '--format', 'tsv'],
      ['watch', '--json'],
      ['loads', '--json'],
      ['loads', 'show', 'AUG_2020'],
      ['validate', '--customer', 'cus.csv', '--json'],
      ['results', '--json'],
      ['--help'],
      [],
      ['nope'],
    ];
    const printed = async (): Promise<string> => {
      const texts: string[] = [];
      for (const line of lines) {
        const { stdout, stderr } = await at.call(line);
        texts.push(stdout, stderr);
      }
      // Only the time of day may differ.
      return texts.join('').replace(/^\d\d:\d\d:\d\d/gm, 'hh:mm:ss');
    };
    // The first run fetches the results.
    await printed();
    const first = await printed();
    expect(await printed()).toBe(first);
    expect(first).toContain('2 customers sent, 2 loaded');
  });
});
