import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { machine } from '../e2e/harness.ts';

const TOKEN = 'Q7wErTy0uI1oP2aS/dF3gH4jK+l5zX6c';
/** So much of it is a leak. */
const START = TOKEN.slice(0, 8);
/** The token ends two characters behind the place where a long text is cut. */
const at = (cut: number, start: string): string => start.padEnd(cut - TOKEN.length + 2) + TOKEN;

async function server(status: number, body: string): Promise<string> {
  const http = createServer((request, response) => {
    request.resume();
    request.on('end', () => response.writeHead(status).end(body));
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => http.once('listening', resolve));
  onTestFinished(() => {
    http.closeAllConnections();
    http.close();
  });
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
}

const everything = (folder: string): string =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
    .join('\n');

describe('a secret where a long answer is cut', () => {
  it.each([
    [400, 'a page, within blanks', at(20_000, '<html><body>Your request:')],
    [400, 'a page, percent-encoded', at(20_000, '<html><body>Your:').replace('/', '%2f')],
    [400, 'a page at the end of its message', `<html><body>${at(299, 'said ')}`],
    [503, 'an XML error', `<error><message>${at(20_000, 'no')}</message></error>`],
    [200, 'a page instead of an answer', `<html><title>${at(20_000, 'Login')}</title></html>`],
    [200, 'a tag without an end', `<batchProcess><x></${'y'.repeat(80)}${TOKEN}`],
    [200, 'another root', `<${'y'.repeat(40)}${TOKEN.replace(/\W/g, '-')}/>`],
  ])('is neither shown nor kept: %i, %s', async (status, _what, body) => {
    const token = body.includes('-dF3') ? TOKEN.replace(/\W/g, '-') : TOKEN;
    const { call, home, cwd } = machine(null, {
      EBILL_TOKEN: token,
      EBILL_BASE_URL: await server(status, body),
    });
    writeFileSync(join(cwd, 'cus.csv'), 'Account\n1\n2\n');
    for (const line of [
      ['upload', 'customer', 'cus.csv', '--job', 'AUG', '--retries', '0'],
      ['init', '--job', 'AUG', '--retries', '0', '--json'],
      ['status', '--job-id', 'X', '--retries', '0', '--verbose'],
      ['doctor'],
    ]) {
      const { code, stdout, stderr } = await call(line);
      expect(code).not.toBe(0);
      expect(stdout + stderr).not.toContain(START);
    }
    expect(everything(home)).not.toContain(START);
  });
});

describe('a token of 32 kB', () => {
  it('is sent, and the refusal of the server is the error', async () => {
    const { call } = machine(null, {
      EBILL_TOKEN: TOKEN.repeat(1000),
      EBILL_BASE_URL: await server(200, ''),
    });
    const { code, stdout, stderr } = await call(['status', '--job-id', 'X', '--retries', '0']);
    expect({ code, shown: stdout + stderr }).toMatchObject({
      code: 9,
      shown: expect.stringContaining('431'),
    });
    expect(stdout + stderr).not.toContain(START);
  });
});
