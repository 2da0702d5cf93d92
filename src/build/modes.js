import { chmodSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** What is started is to be run by everybody, and all else to be read: whatever the mask was under which it was made. */
const FOLDERS = ['bin', 'dist'];
const FILES = ['package.json', 'README.md', 'CHANGELOG.md', 'SECURITY.md', 'LICENSE'];

const inFolders = FOLDERS.flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name)),
);
for (const path of [...inFolders, ...FILES.map((name) => join(ROOT, name))])
  chmodSync(path, path === join(ROOT, 'bin', 'ebill.js') ? 0o755 : 0o644);
