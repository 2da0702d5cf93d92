/*
 * In place of `node:fs/promises`, `node:fs` and the package that locks files, in a bundle of the program: paths are on the disks
 * of simulated machines. `/MACHINE.PID/home/x` is the file `/home/x` of that machine as that process sees it.
 */
import { Readable } from 'node:stream';
import { type Disk, type File, failure, isFolder, type Node, newFolder } from './disk.ts';
import { disks, never, type Process, running } from './machine.ts';

export * from 'node:fs';
export { constants } from 'node:fs';

const O_CREAT = 0o100;
const O_EXCL = 0o200;
const O_TRUNC = 0o1000;

interface Place {
  readonly disk: Disk;
  readonly path: string;
  /** `null`: it has ended; a journal still names its path. */
  readonly process: Process | null;
}

function placeOf(path: string): Place {
  const slash = path.indexOf('/', 1);
  const root = path.slice(1, slash < 0 ? undefined : slash);
  const rest = slash < 0 ? '' : path.slice(slash);
  const machine = root.slice(0, root.indexOf('.'));
  const disk = disks.get(machine);
  if (disk === undefined) throw failure('ENOENT', path);
  return { disk, path: rest === '' ? '/' : rest, process: running.get(root) ?? null };
}

/** Looks at the disk: no effect. */
async function look<T>(path: string, work: (place: Place) => T): Promise<T> {
  return work(placeOf(path));
}

/** Changes the disk: a process that is dead never does. */
async function change<T>(
  path: string,
  work: (place: Place & { readonly process: Process }) => T,
): Promise<T> {
  const place = placeOf(path);
  const { process } = place;
  return process === null ? never() : process.effect(() => work({ ...place, process }));
}

/** Of a file or a folder, as `stat` and `readdir` give it. */
class Stats {
  readonly #node: Node;
  readonly #bigint: boolean;
  name = '';
  parentPath = '';

  constructor(node: Node, bigint = false) {
    this.#node = node;
    this.#bigint = bigint;
  }

  #number(value: number): number | bigint {
    return this.#bigint ? BigInt(Math.round(value)) : value;
  }

  get #mtime(): number {
    return isFolder(this.#node) ? 0 : this.#node.mtime;
  }

  isFile(): boolean {
    return !isFolder(this.#node);
  }
  isDirectory(): boolean {
    return isFolder(this.#node);
  }
  isSymbolicLink(): boolean {
    return false;
  }

  get size() {
    return this.#number(isFolder(this.#node) ? 0 : this.#node.bytes.length);
  }
  get mtimeMs() {
    return this.#number(this.#mtime);
  }
  get ctimeMs() {
    return this.#number(this.#mtime);
  }
  get mtimeNs() {
    return BigInt(this.#mtime) * 1_000_000n;
  }
  get ctimeNs() {
    return this.mtimeNs;
  }
  get mtime() {
    return new Date(this.#mtime);
  }
  get ino() {
    return this.#number(this.#node.ino);
  }
  get dev() {
    return this.#number(1);
  }
  get nlink() {
    return this.#number(1);
  }
  get uid() {
    return this.#number(0);
  }
  get mode() {
    return this.#number(isFolder(this.#node) ? 0o40700 : 0o100600);
  }
}

let fds = 10;
const handles = new Map<number, Handle>();
/** Who holds the lock of a file. */
const locks = new Map<number, Handle>();

class Handle {
  readonly fd = ++fds;
  readonly #process: Process | null;
  readonly #node: Node;
  readonly #append: boolean;
  #at = 0;

  constructor(process: Process | null, node: Node, append: boolean) {
    this.#process = process;
    this.#node = node;
    this.#append = append;
    process?.open.add(this);
    handles.set(this.fd, this);
  }

  get #file(): File {
    if (isFolder(this.#node)) throw failure('EISDIR', 'read');
    return this.#node;
  }

  release(): void {
    handles.delete(this.fd);
    if (locks.get(this.#node.ino) === this) locks.delete(this.#node.ino);
  }

  tryLock(): boolean {
    const holder = locks.get(this.#node.ino);
    if (holder !== undefined && holder !== this) return false;
    locks.set(this.#node.ino, this);
    return true;
  }

  unlock(): void {
    if (locks.get(this.#node.ino) === this) locks.delete(this.#node.ino);
  }

  async #look<T>(work: () => T): Promise<T> {
    return work();
  }

  #change(work: () => void, torn: (() => void) | null = null): Promise<void> {
    return this.#process?.effect(work, torn) ?? never();
  }

  stat(options?: { bigint?: boolean }): Promise<object> {
    return this.#look(() => new Stats(this.#node, options?.bigint));
  }

  read(
    into: Buffer | { buffer?: Buffer; offset?: number; length?: number; position?: number | null },
    offset = 0,
    length?: number,
    position: number | null = null,
  ): Promise<{ bytesRead: number; buffer: Buffer }> {
    return this.#look(() => {
      const given = ArrayBuffer.isView(into) ? { buffer: into as Buffer, offset, length, position } : into;
      const buffer = given.buffer ?? Buffer.alloc(16_384);
      const from = given.position ?? this.#at;
      const to = given.offset ?? 0;
      const most = given.length ?? buffer.length - to;
      const { bytes } = this.#file;
      const part = bytes.subarray(from, from + most);
      buffer.set(part, to);
      if (given.position === null || given.position === undefined) this.#at += part.length;
      return { bytesRead: part.length, buffer };
    });
  }

  readFile(options?: string | { encoding?: string }): Promise<string | Buffer> {
    const encoding = typeof options === 'string' ? options : options?.encoding;
    return this.#look(() => (encoding ? this.#file.bytes.toString('utf8') : Buffer.from(this.#file.bytes)));
  }

  appendFile(data: string | Uint8Array): Promise<void> {
    const bytes = Buffer.from(data as string);
    const put = (part: Buffer): void => {
      const { bytes: old } = this.#file;
      const at = this.#append ? old.length : this.#at;
      const after = Buffer.concat([old.subarray(0, at), part, old.subarray(at + part.length)]);
      this.#process?.machine.disk.write(this.#file, after);
      this.#at = at + part.length;
    };
    const torn = (): void =>
      put(bytes.subarray(0, Math.floor((this.#process?.random() ?? 0) * bytes.length)));
    return this.#change(() => put(bytes), torn);
  }

  writeFile(data: string | Uint8Array): Promise<void> {
    return this.appendFile(data);
  }

  async write(
    data: string | Uint8Array,
    offset?: number,
    length?: unknown,
    position?: number | null,
  ): Promise<{ bytesWritten: number }> {
    const text = typeof data === 'string';
    const bytes = text ? Buffer.from(data) : Buffer.from(data).subarray(offset ?? 0);
    const at = text ? offset : position;
    if (typeof at === 'number') this.#at = at;
    const part = text || typeof length !== 'number' ? bytes : bytes.subarray(0, length);
    await this.appendFile(part);
    return { bytesWritten: part.length };
  }

  truncate(length = 0): Promise<void> {
    return this.#change(() => {
      this.#process?.machine.disk.write(this.#file, Buffer.from(this.#file.bytes.subarray(0, length)));
    });
  }

  sync(): Promise<void> {
    return this.#change(() => flush(this.#node));
  }

  datasync(): Promise<void> {
    return this.sync();
  }

  chmod(): Promise<void> {
    return this.#look(() => undefined);
  }

  close(): Promise<void> {
    return this.#look(() => {
      this.#process?.open.delete(this);
      this.release();
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function flush(node: Node): void {
  if (!isFolder(node)) {
    node.flushed = node.bytes;
    return;
  }
  node.flushed.clear();
  for (const [name, one] of node.names) node.flushed.set(name, one);
}

export async function open(path: string, flags: string | number = 'r'): Promise<Handle> {
  const bits =
    typeof flags === 'number'
      ? flags
      : flags.startsWith('r')
        ? 0
        : O_CREAT | (flags.includes('x') ? O_EXCL : 0) | (flags.startsWith('w') ? O_TRUNC : 0);
  const append = typeof flags === 'string' && flags.startsWith('a');
  const opened = ({ disk, process, path: at }: Place): Handle => {
    let node = disk.find(at);
    if (node !== undefined && (bits & O_EXCL) !== 0) throw failure('EEXIST', at);
    if (node === undefined && (bits & O_CREAT) !== 0) node = disk.create(at);
    if (node === undefined) throw failure('ENOENT', at);
    if ((bits & O_TRUNC) !== 0 && !isFolder(node)) disk.write(node, Buffer.alloc(0));
    return new Handle(process, node, append);
  };
  return bits === 0 ? look(path, opened) : change(path, opened);
}

export function readFile(path: string, options?: string | { encoding?: string }): Promise<string | Buffer> {
  const encoding = typeof options === 'string' ? options : options?.encoding;
  return look(String(path), ({ disk, path: at }) => {
    const { bytes } = disk.file(at);
    return encoding ? bytes.toString('utf8') : Buffer.from(bytes);
  });
}

export async function writeFile(
  path: string,
  data: string | Uint8Array,
  options?: { flag?: string },
): Promise<void> {
  const handle = await open(path, options?.flag ?? 'w');
  await handle.appendFile(data);
  await handle.close();
}

export async function appendFile(path: string, data: string | Uint8Array): Promise<void> {
  const handle = await open(path, 'a');
  await handle.appendFile(data);
  await handle.close();
}

export function stat(path: string, options?: { bigint?: boolean }): Promise<object> {
  return look(path, ({ disk, path: at }) => new Stats(disk.get(at), options?.bigint));
}

export const lstat = stat;

export function access(path: string): Promise<void> {
  return look(path, ({ disk, path: at }) => void disk.get(at));
}

export function realpath(path: string): Promise<string> {
  return look(path, ({ disk, path: at }) => {
    disk.get(at);
    return path;
  });
}

export function readdir(path: string, options?: { withFileTypes?: boolean }): Promise<unknown[]> {
  return look(path, ({ disk, path: at }) =>
    [...disk.folder(at).names]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, node]) =>
        options?.withFileTypes === true ? Object.assign(new Stats(node), { name, parentPath: path }) : name,
      ),
  );
}

export async function mkdir(path: string, options?: { recursive?: boolean }): Promise<void> {
  return change(path, ({ disk, path: at }) => {
    if (options?.recursive === true && isFolder(disk.find(at))) return;
    const [folder, name] = disk.within(at);
    if (folder.names.has(name)) throw failure('EEXIST', at);
    folder.names.set(name, newFolder());
  });
}

export function rename(from: string, to: string): Promise<void> {
  return change(from, ({ disk, path: at }) => {
    const node = disk.get(at);
    const [folder, name] = disk.within(placeOf(to).path);
    folder.names.set(name, node);
    const [old, oldName] = disk.within(at);
    if (old !== folder || oldName !== name) old.names.delete(oldName);
  });
}

export function link(from: string, to: string): Promise<void> {
  return change(from, ({ disk, path: at }) => {
    const node = disk.get(at);
    const [folder, name] = disk.within(placeOf(to).path);
    if (folder.names.has(name)) throw failure('EEXIST', to);
    folder.names.set(name, node);
  });
}

export function rm(path: string, options?: { force?: boolean }): Promise<void> {
  return change(path, ({ disk, path: at }) => {
    if (disk.find(at) === undefined) {
      if (options?.force === true) return;
      throw failure('ENOENT', at);
    }
    const [folder, name] = disk.within(at);
    folder.names.delete(name);
  });
}

export const chmod = async (): Promise<void> => undefined;

export async function truncate(path: string, length = 0): Promise<void> {
  const handle = await open(path, 'r+');
  await handle.truncate(length);
  await handle.close();
}

export async function mkdtemp(prefix: string): Promise<string> {
  const path = `${prefix}${++fds}`;
  await mkdir(path);
  return path;
}

export async function statfs(): Promise<object> {
  return { bavail: 1e9, bsize: 4096 };
}

export function createReadStream(path: string): Readable {
  return Readable.from(
    (async function* () {
      yield await readFile(path);
    })(),
  );
}

/** The package `fs-native-extensions`. */
export default {
  tryLock: (fd: number): boolean => handles.get(fd)?.tryLock() ?? false,
  unlock: (fd: number): void => handles.get(fd)?.unlock(),
};
