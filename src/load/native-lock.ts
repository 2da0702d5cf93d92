// @ts-expect-error The package has no types of its own; `Native` is the part of it that is used.
import untyped from 'fs-native-extensions';

interface Native {
  /** An exclusive advisory lock on an open file, without waiting; false when another open file holds it. */
  tryLock(fd: number, offset?: number, length?: number): boolean;
}

const native = untyped as Native;

/** Windows keeps everybody else from reading what is locked: there a byte far behind the holder's name is. */
const FAR = 2 ** 30;

export const tryLock = (fd: number, platform: NodeJS.Platform): boolean =>
  platform === 'win32' ? native.tryLock(fd, FAR, 1) : native.tryLock(fd);
