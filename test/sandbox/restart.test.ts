import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startSandbox } from '../../src/sandbox/index.ts';
import {
  batch,
  create,
  field,
  finalize,
  init,
  put,
  sandbox,
  send,
  status,
  temporaryFolder,
  upload,
  xml,
} from './rig.ts';

test('batches, ids, objects and results outlive a restart', async () => {
  const data = temporaryFolder();
  const first = await sandbox({ data, processingTimeMs: 0 });
  await init(first, 'INIT');
  const done = await upload(first, 'customer', 'C', 'c.csv', 'k\n1\n');
  await finalize(first, done);
  await first.waitForIdle();
  const draft = await upload(first, 'invoice', 'I', 'i.csv', 'k\n1\n');
  const before = first.snapshot();
  await first.close();

  const second = await sandbox({ data, processingTimeMs: 0 });
  expect(second.snapshot()).toEqual(before);
  const result = await send({ method: 'GET', url: field(await status(second, done), 'downloadUrl') });
  expect(result.body).toContain('1,Success,');
  expect((await init(second, 'INIT')).status).toBe(400);
  expect(field(await create(second, 'customer', 'D', 'd.csv'), 'id')).toBe('5');
  expect((await finalize(second, draft)).status).toBe(200);
});

test('interrupted processing resumes, with the same result', async () => {
  const data = temporaryFolder();
  const rows = Array.from({ length: 50_000 }, (_, index) => `${index}\n`).join('');
  const first = await sandbox({ data, processingTimeMs: 0 });
  const invoice = await upload(first, 'invoice', 'I', 'i.csv', `k\n${rows}0\n`);
  await upload(first, 'items', 'T', 't.csv', `k\n${rows}x\n`, { parentId: invoice });
  await finalize(first, invoice);
  await first.close();
  expect(first.snapshot().batches.some((each) => each.successCount === null)).toBe(true);

  const second = await sandbox({ data, processingTimeMs: 0 });
  await second.waitForIdle();
  expect(batch(second, 'I')).toMatchObject({ successCount: 50_000, failCount: 1, finalizeCount: 1 });
  expect(batch(second, 'T')).toMatchObject({ successCount: 50_000, failCount: 1 });
});

test('items decided after a restart still know the invoices decided before it', async () => {
  const data = temporaryFolder();
  const first = await sandbox({ data, processingTimeMs: 0 });
  const invoice = await upload(first, 'invoice', 'I', 'i.csv', 'k\n1\n2\n');
  await upload(first, 'items', 'T', 't.csv', 'k\n1\n3\n', { parentId: invoice });
  await finalize(first, invoice);
  await first.waitForIdle();
  await first.close();
  const file = join(data, 'state.json');
  const state = JSON.parse(readFileSync(file, 'utf8'));
  state.batches[1].work = null;
  writeFileSync(file, JSON.stringify(state));

  const second = await sandbox({ data, processingTimeMs: 0 });
  await second.waitForIdle();
  expect(batch(second, 'I')).toMatchObject({ successCount: 2, failCount: 0 });
  expect(batch(second, 'T')).toMatchObject({ successCount: 1, failCount: 1 });
});

test('the rest of an interrupted upload is removed', async () => {
  const data = temporaryFolder();
  const first = await sandbox({ data });
  await upload(first, 'customer', 'C', 'c.csv', 'k\n1\n');
  await first.close();
  writeFileSync(join(data, 'objects', 'left-over'), 'half');
  writeFileSync(join(data, 'state.json.new'), '{"half');
  const second = await sandbox({ data });
  expect(readdirSync(join(data, 'objects'))).toHaveLength(1);
  expect(batch(second, 'C').bytes).toBe(4);
});

test('a state it cannot read is an error, and is left alone', async () => {
  for (const text of ['{"version":2}', 'not json', '[]']) {
    const data = temporaryFolder();
    writeFileSync(join(data, 'state.json'), text);
    await expect(startSandbox({ data })).rejects.toMatchObject({ code: 'USAGE' });
    expect(readFileSync(join(data, 'state.json'), 'utf8')).toBe(text);
  }
});

test('every effect answered before a kill -9 is there after it', async () => {
  const folder = temporaryFolder();
  const data = join(folder, 'data');
  const code = build(folder);
  const first = await run(folder, code, data);
  await init(first, 'INIT');
  const ports = { port: new URL(first.apiUrl).port, s3Port: new URL(first.s3Url).port };
  const id = await upload(first, 'customer', 'C', 'c.csv', 'k\n1\n1\n');
  const draft = await create(first, 'invoice', 'I', 'i.csv');
  await finalize(first, id);
  await first.kill();

  // On the same ports, so that what was signed before still names the right host.
  const second = await run(folder, code, data, ports);
  expect((await init(second, 'INIT')).status).toBe(400);
  expect((await finalize(second, id)).body).toContain('already finalized');
  expect((await put(field(draft, 'uploadUrl'), 'k\n1\n')).status).toBe(200);
  await expect.poll(async () => field(await status(second, id), 'status'), { timeout: 5000 }).toBe('Success');
  const done = await status(second, id);
  expect([field(done, 'successCount'), field(done, 'failCount')]).toEqual(['1', '1']);
  expect(field(await create(second, 'customer', 'D', 'd.csv'), 'id')).toBe('5');
  expect((await send({ method: 'GET', url: field(done, 'downloadUrl') })).body).toContain('more than once');
  await second.kill();
});

/** Compiles the sandbox, for a process of its own: Node 20 runs no TypeScript. */
function build(folder: string): string {
  const out = join(folder, 'out');
  mkdirSync(out);
  writeFileSync(join(out, 'package.json'), '{"type":"module"}');
  symlinkSync(resolve('node_modules'), join(out, 'node_modules'), 'junction');
  const config = join(folder, 'tsconfig.json');
  writeFileSync(
    config,
    JSON.stringify({
      extends: resolve('tsconfig.json'),
      compilerOptions: {
        noEmit: false,
        noCheck: true,
        outDir: out,
        rootDir: resolve('src'),
        typeRoots: [resolve('node_modules/@types')],
      },
      include: [],
      files: [resolve('src/sandbox/index.ts')],
    }),
  );
  const compiled = spawnSync(process.execPath, [resolve('node_modules/typescript/bin/tsc'), '-p', config], {
    encoding: 'utf8',
  });
  if (compiled.status !== 0) throw new Error(compiled.stdout + compiled.stderr);
  return join(out, 'main.js');
}

async function run(
  folder: string,
  main: string,
  data: string,
  ports: { port?: string; s3Port?: string } = {},
) {
  const options = {
    data,
    processingTimeMs: 50,
    port: Number(ports.port ?? 0),
    s3Port: Number(ports.s3Port ?? 0),
  };
  writeFileSync(
    main,
    `import { startSandbox } from './sandbox/index.js';
const { apiUrl, s3Url } = await startSandbox(${JSON.stringify(options)});
process.stdout.write(JSON.stringify({ apiUrl, s3Url }) + '\\n');`,
  );
  const child = spawn(process.execPath, [main], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const line = await new Promise<string>((done, fail) => {
    child.once('exit', (code) => fail(new Error(`the sandbox ended with ${code}`)));
    child.stdout.once('data', (chunk: Buffer) => done(chunk.toString()));
  });
  const { apiUrl, s3Url } = JSON.parse(line) as { apiUrl: string; s3Url: string };
  const kill = () =>
    new Promise<void>((done) => {
      child.removeAllListeners('exit').once('exit', () => done());
      child.kill('SIGKILL');
    });
  return { apiUrl, s3Url, kill };
}

test('both ids of a request still have to name one batch', async () => {
  const data = temporaryFolder();
  const first = await sandbox({ data });
  const id = await upload(first, 'customer', '007', 'c.csv', 'k\n1\n');
  await first.close();
  const second = await sandbox({ data });
  const body = xml({ id, jobId: '007' });
  const url = `${second.apiUrl}/rest/batchProcess?mode=BatchFinalize`;
  expect((await send({ method: 'PUT', url, body })).status).toBe(200);
});
