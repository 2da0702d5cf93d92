import { readFile } from 'node:fs/promises';
import { SourceMap } from 'node:module';
import { fileURLToPath } from 'node:url';

/** A file's path as CommonJS names it, or its URL as ES modules do: `at run (/opt/a b/dist/main.js:1:20)`. */
const PLACE = /(?<=\(|at |async )((?:file:\/\/|\/|[A-Za-z]:[\\/])[^\n]*?\.js):(\d+):(\d+)/g;

/** A stack trace with places in the sources instead of the bundle, where its maps are at hand. Read only when needed. */
export async function sourceStack(stack: string): Promise<string> {
  const files = new Set([...stack.matchAll(PLACE)].map(([, file = '']) => file));
  const maps = new Map<string, SourceMap>();
  for (const file of files) {
    const map = await mapOf(file);
    if (map !== null) maps.set(file, map);
  }
  return stack.replace(PLACE, (place, file: string, line: string, column: string) => {
    const found = maps.get(file)?.findEntry(Number(line) - 1, Number(column) - 1);
    if (found === undefined || !('originalSource' in found)) return place;
    return `${found.originalSource.replace(/^(?:\.\.\/)+/, '')}:${found.originalLine + 1}:${found.originalColumn + 1}`;
  });
}

async function mapOf(file: string): Promise<SourceMap | null> {
  try {
    const path = file.startsWith('file:') ? fileURLToPath(file) : file;
    return new SourceMap(JSON.parse(await readFile(`${path}.map`, 'utf8')));
  } catch {
    // Without its map the place in the bundle is still better than none.
    return null;
  }
}
