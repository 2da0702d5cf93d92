import { spawn } from 'node:child_process';
import { chmodSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sandbox } from '../e2e/harness.ts';
import { tempDir } from '../helpers/context.ts';
import { FAST_EBILL } from '../helpers/programs.ts';

interface How {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly uid?: number;
}

/** The program under a mask that leaves all permissions to it. */
function unmasked(args: readonly string[], { cwd, env, stdin = '', uid }: How) {
  return new Promise<{ code: number | null; shown: string }>((resolve) => {
    const child = spawn(
      '/bin/sh',
      ['-c', 'umask 000; exec "$@"', 'sh', process.execPath, FAST_EBILL, ...args],
      {
        cwd,
        env: { PATH: process.env['PATH'] ?? '', HOME: cwd, ...env },
        ...(uid === undefined ? {} : { uid, gid: uid }),
      },
    );
    let shown = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        shown += text;
      });
    child.on('close', (code) => resolve({ code, shown }));
    child.stdin.end(stdin);
  });
}

describe.skipIf(process.platform === 'win32')('what is kept in a home', () => {
  it('is for its owner alone, file by file and folder by folder, whatever the mask', {
    tags: 'slow',
  }, async () => {
    const server = await sandbox();
    const cwd = tempDir();
    for (const name of ['cus', 'inv', 'itm'])
      writeFileSync(join(cwd, `${name}.csv`), `Name,Kind\nA,${name}\n`);
    writeFileSync(
      join(cwd, 'plan.yaml'),
      'job: AUG\ninit: {}\ncustomers: [cus.csv]\ninvoices: [{ file: inv.csv, items: [itm.csv] }]\naccept: { failedRecords: 9 }\n',
    );
    const home = join(cwd, 'made', 'by', 'ebill');
    const at = { cwd, env: { EBILL_HOME: home } };
    const token = 'test-token-1';
    const add = [
      'profile',
      'add',
      'lab',
      '--base-url',
      server.apiUrl,
      '--auth',
      'bearer',
      '--token-stdin',
      '--use',
    ];
    for (const [args, stdin] of [
      [add, token],
      [['init', '--job', 'SEP'], ''],
      [['run', 'plan.yaml'], ''],
    ] as const)
      expect(await unmasked(args, { ...at, stdin })).toMatchObject({ code: 0 });
    // A bug, for the log.
    const broken = join(cwd, 'broken.mjs');
    writeFileSync(broken, "setImmediate(() => { throw new Error('boom') });");
    await unmasked(['loads'], { cwd, env: { ...at.env, NODE_OPTIONS: `--import ${broken}` } });
    const kept = readdirSync(home, { recursive: true, withFileTypes: true }).map((entry) =>
      join(entry.parentPath, entry.name),
    );
    const names = kept.map((path) => relative(home, path));
    expect(names).toEqual(expect.arrayContaining(['secrets.json', 'profiles.json', 'loads']));
    expect(names.some((name) => name.endsWith('.jsonl'))).toBe(true);
    for (const path of [home, ...kept]) {
      const found = statSync(path);
      expect((found.mode & 0o777).toString(8), path).toBe(found.isDirectory() ? '700' : '600');
    }
  });

  it.runIf(process.getuid?.() === 0)('is not touched by another user’s program', async () => {
    const cwd = tempDir();
    chmodSync(cwd, 0o755);
    const home = join(cwd, 'home');
    const token = { EBILL_HOME: home, EBILL_BASE_URL: 'http://127.0.0.1:9', EBILL_TOKEN: 'tok-12345678' };
    await unmasked(['profile', 'add', 'lab', '--base-url', 'https://h.example', '--auth', 'none'], {
      cwd,
      env: token,
    });
    chmodSync(home, 0o755);
    const { code, shown } = await unmasked(['status', '--job', 'J'], { cwd, env: token, uid: 54_321 });
    expect(shown).toContain('belongs to another user (uid 0, and this is 54321)');
    expect(shown).toMatch(/set EBILL_HOME to a folder of your own/);
    expect(code).toBe(2);
  });
});
