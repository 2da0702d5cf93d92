import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** What takes long to fetch or to make, kept until the packages are installed anew. */
export const CACHE = join(ROOT, 'node_modules', '.cache', 'ebill-build');
