import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { downloadFile } from '../../../src/api/download.ts';
import { connectorOf, guardedLookup } from '../../../src/api/net/connector.ts';
import { putFile } from '../../../src/api/storage.ts';
import { tempDir } from '../../helpers/context.ts';
import { fakeLookup } from '../fake-lookup.ts';
import {
  answering,
  connectionTo,
  DRAFT,
  fileOf,
  IGNORE_PROGRESS,
  rawServer,
  rejection,
  rigFor,
  S3_MARK,
} from '../rig.ts';

const API = 'https://api.test';

/** The addresses or the error of a guarded look-up. */
function resolved(
  names: Readonly<Record<string, readonly string[]>>,
  name: string,
  { plain = false, allowInsecure = false, baseUrl = API, first = [] as readonly string[] } = {},
): Promise<unknown> {
  const guarded = guardedLookup(fakeLookup(names).lookup, { baseUrl, allowInsecure });
  const one = (host: string) =>
    new Promise((resolve) => {
      guarded(plain)(host, { all: true }, (error, found) =>
        resolve(error === null ? (found as { address: string }[]).map((each) => each.address) : error),
      );
    });
  return first
    .reduce<Promise<unknown>>((before, host) => before.then(() => one(host)), Promise.resolve())
    .then(() => one(name));
}

test('every address of a name gets at least 2 s while others are left', () => {
  const built: unknown[] = [];
  const build = (options: unknown) => {
    built.push(options);
    return () => undefined;
  };
  const { context } = { context: { env: {}, lookup: fakeLookup({}).lookup } };
  const connection = connectionTo(API);
  const closed = new AbortController().signal;
  const tls = () => Promise.reject(new Error('not needed'));
  connectorOf(build as never, { context, connection, tls, closed });
  expect(built).toMatchObject([
    { timeout: 10_000, autoSelectFamily: true, autoSelectFamilyAttemptTimeout: 2_000 },
  ]);
});

describe('the name of a transfer host', () => {
  test.each([['93.184.216.34'], ['10.0.0.7'], ['127.0.0.1'], ['2001:db8::1', '93.184.216.34']])(
    'may resolve to %s',
    async (...addresses) => {
      expect(await resolved({ 's3.test': addresses }, 's3.test')).toEqual(addresses);
    },
  );

  test.each([
    ['169.254.169.254'],
    ['::ffff:169.254.169.254'],
    ['64:ff9b::a9fe:a9fe'],
    ['fe80::1%eth0'],
    ['fd00:ec2::254'],
    ['93.184.216.34', '169.254.1.1'],
    ['0.0.0.0'],
  ])('may not resolve to %s', async (...addresses) => {
    for (const plain of [true, false])
      expect(
        await resolved({ 's3.test': addresses }, 's3.test', { plain, allowInsecure: true }),
      ).toMatchObject({
        code: 'REJECTED',
        exitCode: 9,
        message: expect.stringContaining('s3.test'),
        hint: expect.stringContaining('Nothing was sent there'),
      });
  });

  test('may resolve to a forbidden address of the API, but to no other', async () => {
    const names = { 'api.test': ['169.254.7.7'], 's3.test': ['169.254.7.7'], 'other.test': ['169.254.7.8'] };
    const first = ['api.test'];
    expect(await resolved(names, 'api.test')).toEqual(['169.254.7.7']);
    expect(await resolved(names, 's3.test')).toMatchObject({ code: 'REJECTED' });
    expect(await resolved(names, 's3.test', { first })).toEqual(['169.254.7.7']);
    expect(await resolved(names, 'other.test', { first })).toMatchObject({ code: 'REJECTED' });
  });

  test('has to resolve to this machine if it is local and http is plain', async () => {
    const names = { localhost: ['127.0.0.1', '::1'], 'a.localhost': ['93.184.216.34'] };
    expect(await resolved(names, 'localhost', { plain: true })).toEqual(['127.0.0.1', '::1']);
    expect(await resolved(names, 'a.localhost', { plain: true })).toMatchObject({
      code: 'REJECTED',
      message: expect.stringContaining('93.184.216.34, which is not this machine'),
    });
    expect(await resolved(names, 'a.localhost')).toEqual(['93.184.216.34']);
    expect(await resolved(names, 'a.localhost', { plain: true, allowInsecure: true })).toEqual([
      '93.184.216.34',
    ]);
  });

  test('fails as usual when it is unknown', async () => {
    expect(await resolved({}, 's3.test')).toMatchObject({ code: 'ENOTFOUND' });
  });
});

describe('a connection', () => {
  const bytes = Buffer.from('a,b\n1,2\n');

  test('goes where the name resolves to, unless that is a metadata service', async () => {
    const server = await answering(200, '', S3_MARK);
    const port = new URL(server.origin).port;
    const { lookup, asked } = fakeLookup({ 's3.test': ['127.0.0.1'], 'evil.test': ['169.254.169.254'] });
    const { storage, context } = await rigFor('https://api.test', {
      lookup,
      connection: { allowInsecure: true },
    });
    expect(await putFile(storage, `http://s3.test:${port}/o`, fileOf(bytes), IGNORE_PROGRESS)).toMatchObject({
      outcome: 'stored',
    });
    expect(server.requests).toHaveLength(1);
    const error = await rejection(
      putFile(storage, `http://evil.test:${port}/o`, fileOf(bytes), IGNORE_PROGRESS),
    );
    expect(error).toMatchObject({ code: 'REJECTED', message: expect.stringContaining('evil.test') });
    expect([server.requests.length, context.slept]).toEqual([1, []]);
    expect(asked).toEqual(['s3.test', 'evil.test']);
  });

  test('goes to the addresses that were checked, without a second look-up', async () => {
    const server = await answering(200, '', S3_MARK);
    const port = new URL(server.origin).port;
    const answers = [['127.0.0.1'], ['169.254.169.254']];
    const { lookup, asked } = fakeLookup({
      get 'rebind.test'() {
        return answers.shift() ?? [];
      },
    });
    const { storage } = await rigFor('https://api.test', { lookup, connection: { allowInsecure: true } });
    const url = `http://rebind.test:${port}/o`;
    expect(await putFile(storage, url, fileOf(bytes), IGNORE_PROGRESS)).toMatchObject({ outcome: 'stored' });
    expect(asked).toEqual(['rebind.test']);
    // The connection is kept alive. The look-up for the next one is checked again.
    const next = await rigFor('https://api.test', { lookup, connection: { allowInsecure: true } });
    expect(await rejection(putFile(next.storage, url, fileOf(bytes), IGNORE_PROGRESS))).toMatchObject({
      code: 'REJECTED',
    });
    expect(server.requests).toHaveLength(1);
  });

  test('to a forbidden address is refused without a look-up, through a proxy too', async () => {
    const proxy = await rawServer((_request, response) => response.end());
    for (const env of [{}, { HTTPS_PROXY: proxy.origin, HTTP_PROXY: proxy.origin }]) {
      const { storage } = await rigFor('https://api.test', { env, connection: { allowInsecure: true } });
      for (const url of [
        'http://169.254.169.254/o',
        'https://[::ffff:a9fe:a9fe]/o',
        'https://metadata.goog/o',
      ])
        expect(await rejection(putFile(storage, url, fileOf(bytes), IGNORE_PROGRESS))).toMatchObject({
          code: 'REJECTED',
        });
    }
    expect(proxy.requests).toEqual([]);
  });

  test('does not follow a redirect to a forbidden address or name', async () => {
    const to = ['http://169.254.169.254/latest/', 'http://evil.test/x'];
    const server = await rawServer((_request, response, n) =>
      response.writeHead(302, { location: to[n - 1] ?? '' }).end(),
    );
    const { lookup } = fakeLookup({ 'evil.test': ['169.254.169.254'] });
    const { storage } = await rigFor('https://api.test', { lookup, connection: { allowInsecure: true } });
    const follow = { ...storage, assertSafeUrl: () => undefined };
    for (const _ of to) {
      const path = join(tempDir(), 'r.csv');
      expect(
        await rejection(downloadFile(follow, `${server.origin}/r`, path, () => undefined)),
      ).toMatchObject({
        code: 'REJECTED',
      });
    }
    expect(server.requests).toHaveLength(2);
  });

  test('to the API may go to any address', async () => {
    const server = await answering(200, DRAFT);
    const port = new URL(server.origin).port;
    const { lookup } = fakeLookup({ 'api.test': ['127.0.0.1'] });
    const { client } = await rigFor(`http://api.test:${port}`, {
      lookup,
      connection: { allowInsecure: true },
    });
    expect(await client.status({ id: '3' })).toMatchObject({ id: '3' });
  });

  test('to the API over plain http is refused when a local name resolves elsewhere', async () => {
    const { lookup } = fakeLookup({ 'a.localhost': ['93.184.216.34'] });
    const { client } = await rigFor('http://a.localhost', { lookup });
    expect(await rejection(client.status({ id: '3' }))).toMatchObject({ code: 'REJECTED' });
  });
});
