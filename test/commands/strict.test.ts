import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ERROR_CODES, WARNING_CODES, type WarningCode } from '../../src/batch/finding-codes.ts';
import {
  type StrictOptions,
  strictError,
  strictnessOf,
  strictOptions,
} from '../../src/commands/shared/strict.ts';
import type { FileReport } from '../../src/files/findings.ts';
import { checkFiles } from '../../src/files/preflight.ts';
import { calls, type Machine, machine, sandbox } from '../e2e/harness.ts';
import { tempDir } from '../helpers/context.ts';

const codes = fc.uniqueArray(fc.constantFrom(...WARNING_CODES));
const chosen: fc.Arbitrary<StrictOptions> = fc.record({
  strict: fc.constantFrom(null, true, false),
  allowWarnings: codes,
});
const reportOf = (file: string, warnings: readonly WarningCode[]): FileReport => ({
  path: `/${file}`,
  file,
  kind: 'customer',
  records: 1,
  bytes: 1,
  sha256: 'a',
  md5: 'b',
  crc32: 0,
  header: [],
  amount: null,
  findings: [],
  findingsTotal: warnings.length,
  warnings,
});

describe('what makes a command strict', () => {
  it('is the option, else the plan, else a production profile; allowed is what either allows', () => {
    fc.assert(
      fc.property(chosen, fc.option(chosen), fc.boolean(), (options, plan, production) => {
        const { because, allowed } = strictnessOf(options, plan, { production, profile: 'prod' });
        expect(because !== null).toBe(options.strict ?? plan?.strict ?? production);
        expect(new Set(allowed)).toEqual(new Set([...options.allowWarnings, ...(plan?.allowWarnings ?? [])]));
      }),
    );
  });

  it('stops for each warning that is not allowed, and names it with its file and both ways on', () => {
    fc.assert(
      fc.property(fc.array(codes, { minLength: 1, maxLength: 4 }), codes, (all, allowed) => {
        const reports = all.map((warnings, i) => reportOf(`f${i}.csv`, warnings));
        const error = strictError(reports, { because: '--strict', allowed }, 'run');
        const stopping = all.flat().filter((code) => !allowed.includes(code));
        expect(error === null).toBe(stopping.length === 0);
        for (const code of stopping) expect(error?.hint).toContain(`--allow-warning ${code}`);
        for (const code of allowed)
          expect(`${error?.hint} `).not.toMatch(new RegExp(`-warning ${code}[ .,]`));
        expect(strictError(reports, { because: null, allowed }, 'run')).toBeNull();
      }),
    );
  });

  it('takes only codes of warnings, and names the nearest', () => {
    const given =
      (...allowWarning: string[]) =>
      () =>
        strictOptions({ allowWarning });
    expect(given('leading-zeroes')).toThrow('there is no warning "leading-zeroes"');
    expect(given('leading-zeroes')).toThrow(
      expect.objectContaining({
        code: 'USAGE',
        hint: expect.stringContaining('Did you mean leading-zeros?'),
      }),
    );
    for (const code of ERROR_CODES) expect(given(code)).toThrow('no error can be allowed');
    for (const code of WARNING_CODES) expect(given(code)).not.toThrow();
    expect(WARNING_CODES.filter((code) => (ERROR_CODES as readonly string[]).includes(code))).toEqual([]);
  });
});

it('a report has the codes of all warnings, also of those it does not show', async () => {
  const path = join(tempDir('ebill-strict-'), 'cus.csv');
  const rows = Array.from({ length: 30 }, (_, i) => `${i},#N/A,y,MÃ¼ller,x\uFFFDy,,`);
  await writeFile(path, `Id,A,B,C,D,E,F\n${rows.join('\n')}\n,,,,,,\n`);
  const [report] = await checkFiles([{ path, kind: 'customer' }]);
  const shown = new Set(report?.findings.map(({ code }) => code));
  expect(report?.warnings).toEqual([...shown].sort());
  expect(report?.warnings).toEqual(expect.arrayContaining(['empty-record', 'error-value', 'mojibake']));
});

/** A customer file with damaged values, which are warnings. */
async function warned(at: Machine): Promise<void> {
  await writeFile(join(at.cwd, 'cus.csv'), 'Account Number,Name\n1,MÃ¼ller\n2,#N/A\n3,Abc\n');
  await writeFile(join(at.cwd, 'plan.yaml'), 'job: AUG_2020\ncustomers: [cus.csv]\n');
}

describe('under --strict', () => {
  it('warnings stop an upload and a run before anything is sent, unless they are allowed', async () => {
    const server = await sandbox();
    const at = machine(server);
    await warned(at);
    const upload = ['upload', 'customer', 'cus.csv', '--job', 'AUG_2020'];
    for (const line of [upload, ['run', 'plan.yaml']]) {
      const stopped = await at.call([...line, '--strict', '--json']);
      expect(stopped.code).toBe(2);
      expect(stopped.json.error).toMatchObject({
        code: 'INVALID_FILE',
        message: expect.stringContaining('(--strict): cus.csv (error-value, mojibake)'),
        hint: expect.stringContaining('--allow-warning error-value --allow-warning mojibake'),
      });
      expect(stopped.json.files?.[0]?.findings.map(({ code }) => code).sort()).toEqual([
        'error-value',
        'mojibake',
      ]);
      const one = await at.call([...line, '--strict', '--allow-warning', 'mojibake']);
      expect(one.code).toBe(2);
      expect(one.stderr).toContain('cus.csv (error-value)');
      expect(one.stderr).toContain('Correct the file.');
    }
    expect(calls(server, true)).toEqual([]);
    const allowed = ['--strict', '--allow-warning', 'mojibake', '--allow-warning', 'error-value'];
    expect((await at.call([...upload, ...allowed])).code).toBe(0);
    expect(calls(server)).toContain('create AUG_2020_CUS');
    const journal = await at.call(['loads', 'show', 'AUG_2020', '--json']);
    expect(journal.code).toBe(0);
  });

  it('is what a production profile and a plan ask for, unless --no-strict is given', async () => {
    const server = await sandbox();
    const at = machine(server);
    await warned(at);
    await at.call(
      [
        ...['profile', 'add', 'live', '--base-url', server.apiUrl, '--auth', 'bearer', '--token-stdin'],
        '--production',
      ],
      { stdin: 'test-token-1' },
    );
    const env = { EBILL_BASE_URL: '', EBILL_AUTH: '', EBILL_TOKEN: '', EBILL_PROFILE: 'live' };
    const upload = ['upload', 'customer', 'cus.csv', '--job', 'AUG_2020'];
    const live = await at.call(upload, { env });
    expect(live.code).toBe(2);
    expect(live.stderr).toContain('(live is a production profile)');
    expect((await at.call(['run', 'plan.yaml'], { env })).code).toBe(2);
    await writeFile(join(at.cwd, 'strict.yaml'), 'job: AUG_2020\nstrict: true\ncustomers: [cus.csv]\n');
    const plan = await at.call(['run', 'strict.yaml', '--dry-run']);
    expect(plan.code).toBe(2);
    expect(plan.stderr).toContain('(strict in the plan)');
    expect(plan.stderr).toContain('allowWarnings: [error-value, mojibake]');
    expect(calls(server, true)).toEqual([]);
    await writeFile(
      join(at.cwd, 'allowed.yaml'),
      'job: AUG_2020\nstrict: true\nallowWarnings: [mojibake, error-value]\ncustomers: [cus.csv]\n',
    );
    expect((await at.call(['run', 'allowed.yaml', '--dry-run'])).code).toBe(0);
    await writeFile(join(at.cwd, 'loose.yaml'), 'job: AUG_2020\nstrict: false\ncustomers: [cus.csv]\n');
    expect((await at.call(['run', 'loose.yaml', '--dry-run'], { env })).code).toBe(0);
    expect((await at.call([...upload, '--no-strict'], { env })).code).toBe(0);
  });

  it('a plan with an unknown warning is refused with its place and the nearest', async () => {
    const at = machine(null, { EBILL_BASE_URL: 'http://127.0.0.1:1' });
    await warned(at);
    await writeFile(
      join(at.cwd, 'plan.yaml'),
      'job: A\ncustomers: [cus.csv]\nallowWarnings: [mojibak]\nstrict: yes\n',
    );
    const { code, stderr } = await at.call(['run', 'plan.yaml']);
    expect(code).toBe(2);
    expect(stderr).toContain('plan.yaml:3:17: allowWarnings[1] must be one of');
    expect(stderr).toContain('did you mean mojibake?');
    expect(stderr).toContain('plan.yaml:4:9: strict must be true or false');
  });
});
