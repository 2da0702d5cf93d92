import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { downloadFile } from '../../../src/api/download.ts';
import { guardedLookup } from '../../../src/api/net/connector.ts';
import { putFile } from '../../../src/api/storage.ts';
import { tempDir } from '../../helpers/context.ts';
import { namesOf } from '../names.ts';
import { answering, DRAFT, fileOf, rawServer, rejection, rigFor } from '../rig.ts';

const API = 'https://api.test';

/** What a guarded look-up comes to: addresses, or the words of the refusal. */
function looked(
  names: Readonly<Record<string, readonly string[]>>,
  name: string,
  { plain = false, allowInsecure = false, baseUrl = API, first = [] as readonly string[] } = {},
): Promise<unknown> {
  const guarded = guardedLookup(namesOf(names).lookup, { baseUrl, allowInsecure });
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

describe('a name an upload or download is to go to', () => {
  test.each([['93.184.216.34'], ['10.0.0.7'], ['127.0.0.1'], ['2001:db8::1', '93.184.216.34']])(
    'may be looked up to %s',
    async (...addresses) => {
      expect(await looked({ 's3.test': addresses }, 's3.test')).toEqual(addresses);
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
  ])('may not be looked up to %s', async (...addresses) => {
    for (const plain of [true, false])
      expect(await looked({ 's3.test': addresses }, 's3.test', { plain, allowInsecure: true })).toMatchObject(
        {
          code: 'REJECTED',
          exitCode: 9,
          message: expect.stringContaining('s3.test'),
          hint: expect.stringContaining('Nothing was sent there'),
        },
      );
  });

  test('may be where the API is, once that is known, and nowhere beside it', async () => {
    const names = { 'api.test': ['169.254.7.7'], 's3.test': ['169.254.7.7'], 'other.test': ['169.254.7.8'] };
    const first = ['api.test'];
    expect(await looked(names, 'api.test')).toEqual(['169.254.7.7']);
    expect(await looked(names, 's3.test')).toMatchObject({ code: 'REJECTED' });
    expect(await looked(names, 's3.test', { first })).toEqual(['169.254.7.7']);
    expect(await looked(names, 'other.test', { first })).toMatchObject({ code: 'REJECTED' });
  });

  test('of this machine has to be this machine, over plain http', async () => {
    const names = { localhost: ['127.0.0.1', '::1'], 'a.localhost': ['93.184.216.34'] };
    expect(await looked(names, 'localhost', { plain: true })).toEqual(['127.0.0.1', '::1']);
    expect(await looked(names, 'a.localhost', { plain: true })).toMatchObject({
      code: 'REJECTED',
      message: expect.stringContaining('93.184.216.34, which is not this machine'),
    });
    expect(await looked(names, 'a.localhost')).toEqual(['93.184.216.34']);
    expect(await looked(names, 'a.localhost', { plain: true, allowInsecure: true })).toEqual([
      '93.184.216.34',
    ]);
  });

  test('that is not known is said to be so', async () => {
    expect(await looked({}, 's3.test')).toMatchObject({ code: 'ENOTFOUND' });
  });
});

describe('over the wire', () => {
  const bytes = Buffer.from('a,b\n1,2\n');
  const put = { onBytes: () => undefined, onRetry: () => undefined };

  test('a file is put where its name leads, and nowhere at all when that is the metadata service', async () => {
    const server = await answering(200, '');
    const port = new URL(server.origin).port;
    const { lookup, asked } = namesOf({ 's3.test': ['127.0.0.1'], 'evil.test': ['169.254.169.254'] });
    const { storage, context } = await rigFor('https://api.test', {
      lookup,
      connection: { allowInsecure: true },
    });
    expect(await putFile(storage, `http://s3.test:${port}/o`, fileOf(bytes), put)).toMatchObject({
      outcome: 'stored',
    });
    expect(server.heard).toHaveLength(1);
    const error = await rejection(putFile(storage, `http://evil.test:${port}/o`, fileOf(bytes), put));
    expect(error).toMatchObject({ code: 'REJECTED', message: expect.stringContaining('evil.test') });
    expect([server.heard.length, context.slept]).toEqual([1, []]);
    expect(asked).toEqual(['s3.test', 'evil.test']);
  });

  test('the addresses judged are those connected to: nothing is looked up again in between', async () => {
    const server = await answering(200, '');
    const port = new URL(server.origin).port;
    const answers = [['127.0.0.1'], ['169.254.169.254']];
    const { lookup, asked } = namesOf({
      get 'rebind.test'() {
        return answers.shift() ?? [];
      },
    });
    const { storage } = await rigFor('https://api.test', { lookup, connection: { allowInsecure: true } });
    const url = `http://rebind.test:${port}/o`;
    expect(await putFile(storage, url, fileOf(bytes), put)).toMatchObject({ outcome: 'stored' });
    expect(asked).toEqual(['rebind.test']);
    // The connection is kept; what is looked up for the next one is judged anew.
    const next = await rigFor('https://api.test', { lookup, connection: { allowInsecure: true } });
    expect(await rejection(putFile(next.storage, url, fileOf(bytes), put))).toMatchObject({
      code: 'REJECTED',
    });
    expect(server.heard).toHaveLength(1);
  });

  test('an address is judged without a look-up, and through a proxy too', async () => {
    const proxy = await rawServer((_heard, response) => response.end());
    for (const env of [{}, { HTTPS_PROXY: proxy.origin, HTTP_PROXY: proxy.origin }]) {
      const { storage } = await rigFor('https://api.test', { env, connection: { allowInsecure: true } });
      for (const url of [
        'http://169.254.169.254/o',
        'https://[::ffff:a9fe:a9fe]/o',
        'https://metadata.goog/o',
      ])
        expect(await rejection(putFile(storage, url, fileOf(bytes), put))).toMatchObject({
          code: 'REJECTED',
        });
    }
    expect(proxy.heard).toEqual([]);
  });

  test('a redirect does not lead there either, by address or by name', async () => {
    const to = ['http://169.254.169.254/latest/', 'http://evil.test/x'];
    const server = await rawServer((_heard, response, n) =>
      response.writeHead(302, { location: to[n - 1] ?? '' }).end(),
    );
    const { lookup } = namesOf({ 'evil.test': ['169.254.169.254'] });
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
    expect(server.heard).toHaveLength(2);
  });

  test('the API may be anywhere the operator says', async () => {
    const server = await answering(200, DRAFT);
    const port = new URL(server.origin).port;
    const { lookup } = namesOf({ 'api.test': ['127.0.0.1'] });
    const { client } = await rigFor(`http://api.test:${port}`, {
      lookup,
      connection: { allowInsecure: true },
    });
    expect(await client.status({ id: '3' })).toMatchObject({ id: '3' });
  });

  test('a local name that leads elsewhere gets nothing over plain http, not even from us', async () => {
    const { lookup } = namesOf({ 'a.localhost': ['93.184.216.34'] });
    const { client } = await rigFor('http://a.localhost', { lookup });
    expect(await rejection(client.status({ id: '3' }))).toMatchObject({ code: 'REJECTED' });
  });
});
