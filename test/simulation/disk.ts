/*
 * The disks of simulated machines. A write is in the machine's memory until it is flushed; names of files too, until their
 * folder is flushed. A crash of the machine loses what was not flushed, or a part of it.
 */
import { remember } from './remember.ts';

export interface File {
  readonly ino: number;
  bytes: Buffer;
  /** What a crash cannot take. */
  flushed: Buffer;
  mtime: number;
}

export interface Folder {
  readonly ino: number;
  readonly names: Map<string, Node>;
  readonly flushed: Map<string, Node>;
}

export type Node = File | Folder;

export const isFolder = (node: Node | undefined): node is Folder => node !== undefined && 'names' in node;

export function failure(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: simulated, ${path}`), { code });
}

let inodes = 0;

export const newFolder = (): Folder => ({ ino: ++inodes, names: new Map(), flushed: new Map() });

export class Disk {
  #root = newFolder();
  readonly #now: () => number;
  /** Bytes that fit on it; `null`: no limit. */
  room: number | null = null;

  constructor(now: () => number) {
    this.#now = now;
  }

  find(path: string): Node | undefined {
    let node: Node | undefined = this.#root;
    for (const name of partsOf(path)) node = isFolder(node) ? node.names.get(name) : undefined;
    return node;
  }

  get(path: string): Node {
    const node = this.find(path);
    if (node === undefined) throw failure('ENOENT', path);
    return node;
  }

  file(path: string): File {
    const node = this.get(path);
    if (isFolder(node)) throw failure('EISDIR', path);
    return node;
  }

  folder(path: string): Folder {
    const node = this.get(path);
    if (!isFolder(node)) throw failure('ENOTDIR', path);
    return node;
  }

  /** The folder that a path's last name is in. */
  within(path: string): readonly [Folder, string] {
    const parts = partsOf(path);
    let node: Node | undefined = this.#root;
    for (const name of parts.slice(0, -1)) node = isFolder(node) ? node.names.get(name) : undefined;
    if (!isFolder(node)) throw failure(node === undefined ? 'ENOENT' : 'ENOTDIR', path);
    return [node, parts.at(-1) ?? ''];
  }

  create(path: string): File {
    const [folder, name] = this.within(path);
    const file: File = {
      ino: ++inodes,
      bytes: Buffer.alloc(0),
      flushed: Buffer.alloc(0),
      mtime: this.#now(),
    };
    folder.names.set(name, file);
    return file;
  }

  write(file: File, bytes: Buffer): void {
    if (this.room !== null && bytes.length > file.bytes.length) {
      this.room -= bytes.length - file.bytes.length;
      if (this.room < 0) throw failure('ENOSPC', 'write');
    }
    file.bytes = bytes;
    file.mtime = this.#now();
  }

  /** A file that is on the disk, flushed and all. */
  put(path: string, text: string): void {
    let folder = this.#root;
    const parts = partsOf(path);
    const name = parts.at(-1) ?? '';
    for (const part of parts.slice(0, -1)) {
      let next = folder.names.get(part);
      if (!isFolder(next)) {
        next = newFolder();
        folder.names.set(part, next);
        folder.flushed.set(part, next);
      }
      folder = next;
    }
    const bytes = Buffer.from(text);
    const file: File = { ino: ++inodes, bytes, flushed: bytes, mtime: this.#now() };
    folder.names.set(name, file);
    folder.flushed.set(name, file);
  }

  /** The machine lost power: what was not flushed is lost, kept in part, or kept, as `random` decides. */
  crash(random: () => number): void {
    const visit = (folder: Folder): void => {
      for (const name of new Set([...folder.names.keys(), ...folder.flushed.keys()])) {
        if (folder.names.get(name) === folder.flushed.get(name)) continue;
        const keep = random() < 0.5 ? folder.names.get(name) : folder.flushed.get(name);
        if (keep === undefined) folder.names.delete(name);
        else folder.names.set(name, keep);
        if (keep === undefined) folder.flushed.delete(name);
        else folder.flushed.set(name, keep);
      }
      for (const node of folder.names.values()) {
        if (isFolder(node)) visit(node);
        else if (node.bytes !== node.flushed) tear(node, random);
      }
    };
    visit(this.#root);
  }
}

/** What is left of writes that were not flushed. */
function tear(file: File, random: () => number): void {
  const { bytes, flushed } = file;
  const appended = bytes.length >= flushed.length && bytes.subarray(0, flushed.length).equals(flushed);
  const chance = random();
  let left = flushed;
  if (appended && chance < 0.6) {
    // A part of what was appended.
    left = bytes.subarray(0, flushed.length + Math.floor(random() * (bytes.length - flushed.length + 1)));
    // The file had grown, and its last block was not written.
    if (chance < 0.1) left = Buffer.concat([flushed, Buffer.alloc(left.length - flushed.length)]);
  } else if (chance > 0.8) left = bytes;
  file.bytes = left;
  file.flushed = left;
}

const partsOf = remember(
  (path: string): readonly string[] => path.split('/').filter((part) => part !== '' && part !== '.'),
  (path) => path,
);
