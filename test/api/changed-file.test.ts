import { randomBytes } from 'node:crypto';
import {
  appendFileSync,
  closeSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { putFile } from '../../src/api/storage.ts';
import { type ExpectedFile, takeBuffers, uploadBody } from '../../src/api/upload-body.ts';
import { EbillError } from '../../src/errors.ts';
import { runs } from '../helpers/runs.ts';
import { testSome } from '../helpers/some-rows.ts';
import { draft, fileOf, IGNORE_PROGRESS, rejection } from './rig.ts';

const MIB = 1024 * 1024;

/** Facts of a file that this run checked, and of one from the journal of an earlier run. */
const FACTS: Readonly<Record<string, (file: ExpectedFile) => ExpectedFile>> = {
  'its CRC-32': (file) => file,
  'its SHA-256 on record': ({ crc32: _, ...file }) => file,
};

function overwrite({ path }: ExpectedFile, at: number, bytes: Buffer): void {
  const file = openSync(path, 'r+');
  writeSync(file, bytes, 0, bytes.length, at);
  closeSync(file);
}

const other = (byte: number | undefined): Buffer => Buffer.of((byte ?? 0) ^ 1);

const CHANGES: readonly (readonly [string, number, (file: ExpectedFile) => void])[] = [
  ['other content of the same size', 5 * MIB, ({ path, bytes }) => writeFileSync(path, randomBytes(bytes))],
  ['other content, one byte', 1, ({ path }) => writeFileSync(path, '\u0001')],
  ['its last bit', 3 * MIB, (file) => overwrite(file, 3 * MIB - 1, other(readFileSync(file.path).at(-1)))],
  [
    'two blocks in each other’s place',
    2 * MIB,
    ({ path }) => {
      const bytes = readFileSync(path);
      writeFileSync(path, Buffer.concat([bytes.subarray(MIB), bytes.subarray(0, MIB)]));
    },
  ],
  ['zeros, as after a crash', 2 * MIB, (file) => overwrite(file, MIB, Buffer.alloc(MIB))],
  [
    'replaced by a rename',
    MIB + 1,
    ({ path, bytes }) => {
      writeFileSync(`${path}.new`, randomBytes(bytes));
      renameSync(`${path}.new`, path);
    },
  ],
  ['truncated', 3 * MIB, ({ path }) => truncateSync(path, 2 * MIB)],
  ['truncated by a byte', 3 * MIB, ({ path }) => truncateSync(path, 3 * MIB - 1)],
  ['emptied', 10, ({ path }) => truncateSync(path, 0)],
  ['grown', 3 * MIB, ({ path }) => appendFileSync(path, 'x')],
  ['grown from nothing', 0, ({ path }) => appendFileSync(path, 'x')],
  ['removed', 10, ({ path }) => rmSync(path)],
];

/** Each change is tried in every `npm test`, but not with each kind of ETag and each fact. */
describe.each([
  ['its MD5', [], 0],
  ['no MD5', ['put@*=kms-etag'], 1],
])('a file that changed since it was checked, where the ETag is %s', (_etag, etag, first) => {
  describe.each(Object.entries(FACTS))('compared by %s', (by, known) => {
    const testSomeHere = testSome(3, by === 'its CRC-32' ? first : first + 1);
    testSomeHere(CHANGES)(
      '%s (%i bytes) is a conflict, and nothing is stored',
      async (_what, size, change) => {
        const { storage, url, stored, puts } = await draft(etag);
        const bytes = randomBytes(size);
        if (bytes[0] !== undefined) bytes[0] |= 0x80;
        const file = known(fileOf(bytes));
        change(file);
        const error = await rejection(putFile(storage, url, file, IGNORE_PROGRESS));
        expect(error).toBeInstanceOf(EbillError);
        expect(error).toMatchObject({ code: 'CONFLICT', exitCode: 8 });
        expect(String(error)).toContain(file.path);
        // Let the storage notice the aborted request first.
        await new Promise((resolve) => setTimeout(resolve, 50));
        expect(stored()).toBeNull();
        expect(puts().some((request) => request.effect)).toBe(false);
      },
    );

    test('between two tries is a conflict', async () => {
      const { storage, url, stored } = await draft(['put@1=slowdown', ...etag]);
      const file = known(fileOf(randomBytes(MIB)));
      const trying = putFile(storage, url, file, {
        onBytes: () => undefined,
        onRetry: () => writeFileSync(file.path, randomBytes(MIB)),
      });
      expect(await rejection(trying)).toMatchObject({ code: 'CONFLICT' });
      expect(stored()).toBeNull();
    });

    test('and back between two tries is stored as it was checked', async () => {
      const { storage, url, stored } = await draft(['put@1=slowdown', ...etag]);
      const bytes = randomBytes(MIB + 1);
      const file = known(fileOf(bytes));
      const result = await putFile(storage, url, file, {
        onBytes: () => undefined,
        onRetry: () => {
          truncateSync(file.path, 7);
          writeFileSync(file.path, bytes);
        },
      });
      expect(result).toMatchObject({ outcome: 'stored', verified: etag.length === 0 });
      expect(stored()).toBe(file.sha256);
    });

    testSomeHere<[string, (file: ExpectedFile) => void]>([
      ['grows', ({ path }) => appendFileSync(path, 'x')],
      ['is truncated', ({ path }) => truncateSync(path, 3 * MIB)],
      [
        'gets another last byte',
        (file) => overwrite(file, 8 * MIB - 1, other(readFileSync(file.path).at(-1))),
      ],
    ])('while it is sent is not stored: it %s', async (_what, change) => {
      const { storage, url, stored } = await draft(etag);
      const file = known(fileOf(randomBytes(8 * MIB)));
      let sent = 0;
      const error = await rejection(
        putFile(storage, url, file, {
          ...IGNORE_PROGRESS,
          onBytes: (bytes) => {
            if (sent === 0) change(file);
            sent = bytes;
          },
        }),
      );
      expect(error).toMatchObject({ code: 'CONFLICT' });
      expect(sent).toBeLessThan(8 * MIB);
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(stored()).toBeNull();
    });
  });
});

describe.each(Object.entries(FACTS))('a file whose bytes are compared by %s', (_by, known) => {
  /** What happens to the file. */
  const events = fc.record({
    what: fc.constantFrom(
      'bit',
      'swap',
      'zeros',
      'append',
      'truncate',
      'rename',
      'remove',
      'touch',
      'restore',
    ),
    at: fc.nat(),
    /** Parts that are handed out before it; 0: before the first read. */
    after: fc.nat(5),
  });

  function happen(what: string, file: ExpectedFile, at: number, bytes: Buffer): void {
    const { path } = file;
    const place = at % bytes.length;
    if (what === 'bit') overwrite(file, place, Buffer.of((bytes[place] ?? 0) ^ (1 << (at & 7))));
    else if (what === 'swap')
      writeFileSync(path, Buffer.concat([bytes.subarray(place), bytes.subarray(0, place)]));
    else if (what === 'zeros') overwrite(file, place, Buffer.alloc(Math.min(4096, bytes.length - place)));
    else if (what === 'append') appendFileSync(path, 'x');
    else if (what === 'truncate') truncateSync(path, place);
    else if (what === 'remove') rmSync(path);
    else if (what === 'touch') overwrite(file, 0, bytes.subarray(0, 1));
    else if (what === 'restore') {
      truncateSync(path, place);
      writeFileSync(path, bytes);
    } else {
      writeFileSync(`${path}.new`, randomBytes(bytes.length));
      renameSync(`${path}.new`, path);
    }
  }

  test('is handed out completely only with the bytes that were checked', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 3 * MIB + 1 }),
        events,
        async (size, { what, at, after }) => {
          const bytes = randomBytes(size);
          const file = fileOf(bytes);
          const received: Buffer[] = [];
          const turn = (): void => {
            if (received.length === after) happen(what, file, at, bytes);
          };
          const sending = (async () => {
            turn();
            const body = uploadBody(
              known(file),
              takeBuffers(),
              () => undefined,
              () => 0,
            );
            for await (const part of body) {
              received.push(Buffer.from(part));
              turn();
            }
          })();
          const error = await sending.then(
            () => null,
            (reason: unknown) => reason,
          );
          const got = Buffer.concat(received);
          if (error === null) expect(got.equals(bytes)).toBe(true);
          else {
            expect(error).toMatchObject({ code: 'CONFLICT' });
            expect(got.length).toBeLessThan(size);
          }
          if (after > 0) return;
          const isSame =
            what === 'touch' || what === 'restore' || readFileIfThere(file.path)?.equals(bytes) === true;
          expect(error === null, what).toBe(isSame);
        },
      ),
      { numRuns: runs(10, 500) },
    );
  });
});

function readFileIfThere(path: string): Buffer | null {
  try {
    return readFileSync(path);
  } catch {
    return null;
  }
}
