import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { EBILL, machine } from '../e2e/harness.ts';
import { tempDir } from '../helpers/context.ts';

const TOKEN = 'c4n4ry-token-9f8e7d6c';

/** A server that accepts and never answers: the run is in the middle of something for as long as it is wanted. */
async function silence(): Promise<string> {
  const server = createServer(() => undefined).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
}

/** Code that runs in the program's process, beside it. */
function beside(code: string): Record<string, string> {
  const path = join(tempDir(), 'beside.mjs');
  writeFileSync(path, code);
  return { NODE_OPTIONS: `--import ${pathToFileURL(path).href}` };
}

const WORDS = '"boom with " + process.env.EBILL_TOKEN + " in it"';
const THROWN = `new Error(${WORDS})`;
/** Once the request is out: the program is at its work. */
const MIDWAY = (act: string): string => `
import { subscribe } from 'node:diagnostics_channel';
subscribe('undici:client:sendHeaders', () => setImmediate(() => { ${act} }));
`;

describe('a crash', () => {
  it.each([
    ['an exception in a callback', `throw ${THROWN}`],
    ['a rejection nobody waits for', `Promise.reject(${THROWN})`],
    ['something thrown that is no error', `throw ${WORDS}`],
  ])('%s ends the run with 1, a redacted log and no raw trace', async (_what, act) => {
    const at = machine(null, { EBILL_BASE_URL: await silence(), EBILL_TOKEN: TOKEN });
    for (const args of [
      ['status', '--job', 'J'],
      ['status', '--job', 'J', '--json'],
    ]) {
      const ran = await at.run(args, { entry: EBILL, env: beside(MIDWAY(act)) });
      expect(ran.code).toBe(1);
      expect(ran.stderr).toContain('This is a bug in ebill: boom with *** in it');
      expect(ran.stderr).not.toMatch(/^\s+at /m);
      if (args.includes('--json'))
        expect(ran.json).toMatchObject({ exitCode: 1, error: { code: 'INTERNAL' } });
      else expect(ran.stdout).toBe('');
      expect(ran.stdout + ran.stderr).not.toContain(TOKEN);
    }
    const log = join(at.home, 'log', 'errors.log');
    const text = readFileSync(log, 'utf8');
    expect(text).toContain('boom with ***');
    expect(text).not.toContain(TOKEN);
    expect(statSync(log).mode & 0o777).toBe(0o600);
  });

  it('after the run, or before there is one, ends in the same words', async () => {
    const at = machine(null, { EBILL_TOKEN: TOKEN });
    const late = beside(`process.once('beforeExit', () => { setTimeout(() => { throw ${THROWN} }, 1) });`);
    const early = beside(`
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
const read = fs.readFileSync;
fs.readFileSync = (path, ...rest) => {
  if (path instanceof URL && path.pathname.endsWith('package.json')) throw ${THROWN};
  return read(path, ...rest);
};
syncBuiltinESMExports();
`);
    for (const [env, args] of [
      [late, ['--version']],
      [late, ['help', 'security']],
      [early, ['--version']],
    ] as const) {
      const ran = await at.run(args, { entry: EBILL, env });
      expect(ran.stdout + ran.stderr).not.toContain(TOKEN);
      if (env === late) {
        expect(ran.code).toBe(1);
        expect(ran.stderr).toMatch(
          /^error: This is a bug in ebill: boom with \*\*\* in it\n {2}→ Please report it/,
        );
      }
    }
    expect(readFileSync(join(at.home, 'log', 'errors.log'), 'utf8')).not.toContain(TOKEN);
  });

  it('without a place for the log says so', async () => {
    const blocked = join(tempDir(), 'file');
    writeFileSync(blocked, '');
    const at = machine(null, { EBILL_BASE_URL: await silence(), EBILL_TOKEN: TOKEN, EBILL_HOME: blocked });
    const ran = await at.run(['doctor'], { entry: EBILL, env: beside(MIDWAY(`throw ${THROWN}`)) });
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain('No log could be written');
    expect(ran.stderr).not.toContain(TOKEN);
  });
});
