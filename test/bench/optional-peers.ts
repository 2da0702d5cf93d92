import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

const onPath = (program: string): boolean =>
  (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)));

/** How to install the peers that the bench can do without, and whether they are there. */
const PEERS = {
  rclone: { install: 'apt-get install -y rclone', there: () => onPath('rclone') },
  mlr: { install: 'apt-get install -y miller', there: () => onPath('mlr') },
  duckdb: {
    install: 'npm install --no-save @duckdb/node-api',
    there: () => existsSync(join(ROOT, 'node_modules', '@duckdb', 'node-api')),
  },
};
export type OptionalPeer = keyof typeof PEERS;

/** @returns why a candidate cannot run, or null */
export function whyLeftOut(needs: OptionalPeer | undefined): string | null {
  if (needs === undefined || PEERS[needs].there()) return null;
  return `${needs} is not installed: ${PEERS[needs].install}`;
}
