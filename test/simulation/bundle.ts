import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { build, type Plugin } from 'rolldown';
import { ROOT } from '../../src/build/targets.ts';
import type { Order, Report } from './worker.ts';

const HERE = import.meta.dirname;
const FILE_SYSTEM = new Set(['node:fs/promises', 'node:fs', 'fs-native-extensions']);

/**
 * Pure functions of the program whose results are kept, each with what its result depends on: processes read the same lines
 * and answers again and again.
 */
const REMEMBERED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'src/load/journal-line.ts': { readLine: "(bytes) => bytes.toString('latin1')" },
  'src/load/file-names.ts': { journalName: '(text) => text', serverFolderName: '(server) => server' },
  'src/api/xml.ts': { parseXml: '(document) => document' },
  'src/plan/yaml.ts': { readYaml: '(text) => text' },
  'src/parse.ts': { parseArgv: "(argv) => argv.join('\\0')" },
  'src/redact/shapes.ts': { redactShapes: '(text) => text' },
  'src/sandbox/xml.ts': { readRequest: "(body) => body.toString('latin1')" },
};

/** What is only for people to read, and is not read here. */
const UNREAD: Readonly<Record<string, string>> = {
  'src/output/batch-table.ts': "export const batchTable = async () => '';",
  // The error is read: the operator follows its hint.
  'src/output/json.ts':
    'export const toJson = ({ error }) => JSON.stringify({ error: error && { message: error.message, hint: error.hint } });',
  'src/report/page.ts': 'export const reportPage = () => \'<meta name="generator" content="ebill report">\';',
};

const ADAPTED = '\0adapted:';

/** The program with the functions above replaced. */
const adapted: Plugin = {
  name: 'adapted',
  resolveId(id, importer = '') {
    if (!id.startsWith('.') || importer.startsWith(ADAPTED)) return null;
    const path = join(dirname(importer), id);
    const source = path.slice(ROOT.length);
    return source in REMEMBERED || source in UNREAD ? `${ADAPTED}${path}` : null;
  },
  load(id) {
    if (!id.startsWith(ADAPTED)) return null;
    const path = id.slice(ADAPTED.length);
    const source = path.slice(ROOT.length);
    const all = `export * from ${JSON.stringify(path)};`;
    const keys = Object.entries(REMEMBERED[source] ?? {});
    if (keys.length === 0) return `${all} ${UNREAD[source]}`;
    return [
      all,
      `import * as program from ${JSON.stringify(path)};`,
      `import { remember } from ${JSON.stringify(join(HERE, 'remember.ts'))};`,
      ...keys.map(([name, keyOf]) => `export const ${name} = remember(program.${name}, ${keyOf});`),
    ].join('\n');
  },
};

/** The program with its file system, its locks and its network replaced by simulated ones. */
const simulated: Plugin = {
  name: 'simulated',
  resolveId(id, importer = '') {
    if (importer.startsWith(HERE)) return null;
    if (FILE_SYSTEM.has(id)) return join(HERE, 'fs.ts');
    if (/(?:^|\/)transport\.ts$/.test(id)) return join(HERE, 'network.ts');
    return null;
  },
};

/**
 * Bundles `worker.ts` with the program.
 * @param change of a source, to prove that the simulation sees a program that is broken
 */
export async function bundleSimulation(file: string, change: Plugin[] = []): Promise<void> {
  await build({
    cwd: ROOT,
    logLevel: 'warn',
    platform: 'node',
    external: ['@napi-rs/keyring'],
    input: join(HERE, 'worker.ts'),
    plugins: [simulated, adapted, ...change],
    output: { file, format: 'es', codeSplitting: false },
  });
}

/** Runs a bundle in a process of its own. @returns its output */
export async function runWorker(program: string, order: Order): Promise<string> {
  const args = [
    '--max-old-space-size=768',
    '--max-semi-space-size=4',
    '--single-threaded',
    program,
    JSON.stringify(order),
  ];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 1 << 28 });
  return stdout;
}

export const play = async (program: string, order: Order): Promise<Report> =>
  JSON.parse(await runWorker(program, order)) as Report;
