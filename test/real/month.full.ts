import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { closedPort } from '../api/rig.ts';
import { calls, machine, month, sandbox } from '../e2e/harness.ts';
import { authorities, hasOpenssl } from '../helpers/authority.ts';
import { bridge } from './bridge.ts';
import { missingPackages, startNginx, startSquid, startSwift } from './servers.ts';

if (missingPackages.length > 0)
  process.stderr.write(
    `skipped: a month through real servers needs ${missingPackages.join(', ')} (apt-get install)\n`,
  );

describe.skipIf(missingPackages.length > 0 || !hasOpenssl)('a month through Swift, nginx and squid', () => {
  it('is loaded once, with compressed answers and results, over a cache, tunnels and absolute-form requests', async () => {
    const pem = authorities();
    const [apiPort, storagePort] = [await closedPort(), await closedPort()];
    const swift = await startSwift();
    const server = await sandbox();
    const inner = await bridge(server, swift, `http://127.0.0.1:${storagePort}`);
    const cached = ['proxy_cache answers;', 'proxy_cache_methods GET;', 'proxy_cache_valid 200 1s;'];
    await startNginx([
      {
        port: apiPort,
        to: `http://127.0.0.1:${inner}`,
        tls: { cert: pem('server.crt'), key: pem('server.key') },
        lines: cached,
      },
      { port: storagePort, to: `http://127.0.0.1:${swift.port}` },
    ]);
    const squid = await startSquid(apiPort);
    const proxy = `http://${squid.host}`;
    const at = machine(null, { EBILL_TOKEN: 'test-token-1', HTTPS_PROXY: proxy, HTTP_PROXY: proxy });
    const url = `https://127.0.0.1:${apiPort}`;
    const added = `profile add real --base-url ${url} --auth bearer --ca-file ${pem('ca.crt')} --use`;
    expect(await at.run(added.split(' '))).toMatchObject({ code: 0 });
    const files = await month(at, { bad: 1, records: 2000 });

    for (const [line, code] of [
      ['doctor', 0],
      ['init --job AUG_2020', 0],
      [`upload customer ${files.customers.map((file) => basename(file)).join(' ')}`, 0],
      ['upload invoice INV_AUG_2020.csv --items ITM_AUG_2020_1.csv ITM_AUG_2020_2.csv ITM_AUG_2020_3.csv', 0],
      ['finalize', 0],
      ['watch', 3],
      ['results --out results', 0],
    ] as const) {
      const ran = await at.run(line.split(' '));
      expect([line, ran.code, ran.stdout + ran.stderr]).toEqual([line, code, expect.any(String)]);
    }

    const { initCount, batches } = server.snapshot();
    expect(initCount).toBe(1);
    for (const path of [...files.customers, ...files.invoices, ...files.items]) {
      const sent = readFileSync(path);
      const batch = batches.find(({ inputFilename }) => inputFilename === basename(path));
      expect([basename(path), batch?.createCount]).toEqual([basename(path), 1]);
      const result = readFileSync(join(at.cwd, 'results', `${batch?.jobId}_result.csv`), 'utf8');
      expect(result.trimEnd().split('\n')).toHaveLength(sent.toString().trimEnd().split('\n').length);
    }
    expect(calls(server).filter((call) => call.startsWith('finalize'))).toEqual([
      'finalize AUG_2020_CUS',
      'finalize AUG_2020_INV',
    ]);
    const asked = squid.requests();
    expect(asked.some((request) => request === `CONNECT 127.0.0.1:${apiPort}`)).toBe(true);
    expect(
      asked.filter((request) => request.startsWith(`PUT http://127.0.0.1:${storagePort}/ebill/`)),
    ).toHaveLength(files.customers.length + files.invoices.length + files.items.length);
    expect(
      asked.filter((request) => request.startsWith(`GET http://127.0.0.1:${storagePort}/ebill/`)).length,
    ).toBe(5);
  });
});
