import { execFile, execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CACHE, ROOT } from '../../src/build/targets.ts';
import { calls, machine, month, sandbox } from '../e2e/harness.ts';
import { tempDir } from '../helpers/context.ts';

/*
 * Builds the image from the packed tarball and runs it, as a person would: podman, as root, with a network of the host.
 * Registries of images may be out of reach, so the two base images are made here: from Debian's packages, and of those
 * with the Node.js and npm of this machine.
 */

const MISSING = ['podman', 'runc', 'mmdebstrap'].filter(
  (tool) => spawnSync('sh', ['-c', `command -v ${tool}`]).status !== 0,
);
const CAN =
  MISSING.length > 0
    ? `${MISSING.join(', ')} not installed`
    : process.platform !== 'linux' || process.getuid?.() !== 0
      ? 'only as root on Linux'
      : null;
if (CAN !== null) process.stderr.write(`the image is not built here: ${CAN}\n`);

/** As debian:bookworm-slim: the same packages, without manuals, translations and package lists. */
const SYSTEM = join(CACHE, 'debian-slim.tar');
const EXCLUDED = ['doc', 'man', 'locale', 'info'].map(
  (name) => `--dpkgopt=path-exclude=/usr/share/${name}/*`,
);

describe.runIf(CAN === null)('the image', { timeout: 900_000 }, () => {
  const work = CAN === null ? tempDir('ebill-image-') : '';
  const store = [
    ...['--storage-driver', 'vfs', '--root', join(work, 'store'), '--runroot', join(work, 'run')],
    ...['--runtime', 'runc', '--cgroup-manager', 'cgroupfs', '--events-backend', 'file'],
  ];
  const podman = (...args: string[]) =>
    spawnSync('podman', [...store, ...args], { encoding: 'utf8', maxBuffer: 64 << 20 });
  const done = (...args: string[]): string => {
    const { status, stdout, stderr } = podman(...args);
    if (status !== 0) throw new Error(`podman ${args.join(' ')}: ${stderr}`);
    return stdout.trim();
  };
  const build = (folder: string, file: string, tag: string, ...args: string[]): string =>
    done(
      ...['build', '--isolation', 'chroot', '--network', 'host', '--layers=false', '--file', file],
      ...[...args.flatMap((arg) => ['--build-arg', arg]), '--tag', tag, folder],
    );
  /** Nothing but the volume and the mounted folder can be written to, not even /tmp. */
  const run = (
    cwd: string,
    ...args: string[]
  ): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> => {
    const all = [
      ...store,
      ...['run', '--rm', '--network', 'host', '--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1000:1000'],
      ...['--read-only', '--read-only-tmpfs=false', '--cap-drop', 'all'],
      ...['--volume', 'ebill-home:/var/lib/ebill', '--volume', `${cwd}:/work`, ...args],
    ];
    return new Promise((resolve) => {
      const child = execFile('podman', all, (_error, stdout, stderr) =>
        resolve({ code: child.exitCode ?? -1, stdout, stderr }),
      );
    });
  };

  beforeAll(() => {
    if (!existsSync(SYSTEM)) {
      mkdirSync(CACHE, { recursive: true });
      const made = join(mkdtempSync(join(CACHE, '.new-')), 'debian.tar');
      execFileSync(
        'mmdebstrap',
        [
          ...[
            '--quiet',
            '--variant=minbase',
            '--include=ca-certificates',
            '--aptopt=Acquire::Languages "none"',
          ],
          ...[...EXCLUDED, '--customize-hook=rm -rf "$1"/var/lib/apt/lists/* "$1"/var/cache/apt/*'],
          ...['bookworm', made],
        ],
        { stdio: 'pipe' },
      );
      renameSync(made, SYSTEM);
      rmSync(dirname(made), { recursive: true });
    }
    const base = join(work, 'base');
    mkdirSync(base);
    cpSync(SYSTEM, join(base, 'system.tar'));
    cpSync(realpathSync(process.execPath), join(base, 'node'));
    const npm = join(execFileSync('npm', ['root', '--global'], { encoding: 'utf8' }).trim(), 'npm');
    cpSync(npm, join(base, 'npm'), { recursive: true, dereference: true });
    // What this machine trusts, to reach its npm registry.
    const trusted = process.env['NODE_EXTRA_CA_CERTS'];
    writeFileSync(join(base, 'ca.pem'), trusted === undefined ? '' : readFileSync(trusted));
    writeFileSync(join(base, 'System'), 'FROM scratch\nADD system.tar /\n');
    writeFileSync(
      join(base, 'Node'),
      `FROM localhost/system
COPY node /usr/local/bin/node
COPY npm /usr/local/lib/node_modules/npm
COPY ca.pem /etc/ca.pem
ENV NODE_EXTRA_CA_CERTS=/etc/ca.pem
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm
`,
    );
    build(base, join(base, 'System'), 'system');
    build(base, join(base, 'Node'), 'node');
    const context = join(work, 'context');
    mkdirSync(context);
    execFileSync('npm', ['pack', ROOT, '--ignore-scripts', '--silent', '--pack-destination', context], {
      cwd: work,
    });
    build(
      ...([context, join(ROOT, 'src', 'build', 'Containerfile'), 'ebill'] as const),
      ...['NODE_IMAGE=localhost/node', 'SYSTEM_IMAGE=localhost/system'],
    );
  }, 900_000);

  afterAll(() => {
    podman('rm', '--all', '--force');
    podman('rmi', '--all', '--force');
  });

  it('is small: Node.js and little more than the system, without npm', async () => {
    const size = (tag: string): number => Number(done('image', 'inspect', '--format', '{{.Size}}', tag));
    const added = size('ebill') - size('system') - readFileSync(process.execPath).length;
    process.stdout.write(`the image has ${Math.round(size('ebill') / 1e6)} MB\n`);
    expect(added).toBeLessThan(10_000_000);
    const { stdout } = await run(
      work,
      '--entrypoint',
      'sh',
      'ebill',
      '-c',
      'command -v npm; id -u; cat /etc/ca.pem 2>&1',
    );
    expect(stdout).toBe('1000\ncat: /etc/ca.pem: No such file or directory\n');
  });

  it('loads a month with a read-only root as another user than root, and goes on in another container', async () => {
    const server = await sandbox();
    const at = machine(server);
    await month(at);
    writeFileSync(
      join(at.cwd, 'plan.yaml'),
      'job: AUG_2020\ninit: {}\ncustomers: [CUS_*.csv]\ninvoices:\n  - file: INV_AUG_2020.csv\n    items: [ITM_*.csv]\n',
    );
    execFileSync('chown', ['-R', '1000:1000', at.cwd]);
    const set = [`EBILL_BASE_URL=${server.apiUrl}`, 'EBILL_TOKEN=test-token-1', 'EBILL_SETTLE=0s', 'CI=true'];
    const ebill = async (...args: string[]) => {
      const { code, stdout, stderr } = await run(
        at.cwd,
        ...set.flatMap((one) => ['--env', one]),
        'ebill',
        ...args,
      );
      return { code, stderr, json: stdout === '' ? null : (JSON.parse(stdout) as object) };
    };
    const uploads = (): number =>
      calls(server).filter((call) => /^(?:init|create|put|finalize)/.test(call)).length;

    const first = await ebill('run', 'plan.yaml', '--interval', '0.1s', '--json');
    expect(first).toMatchObject({ code: 0, json: { job: 'AUG_2020', outcome: 'succeeded' } });
    expect(existsSync(join(at.cwd, 'AUG_2020', 'report.html'))).toBe(true);
    const sent = uploads();
    expect(sent).toBeGreaterThan(5);
    const again = await ebill('run', 'plan.yaml', '--json');
    expect(again).toMatchObject({ code: 0, json: { outcome: 'succeeded' } });
    expect(uploads()).toBe(sent);
  });
});
