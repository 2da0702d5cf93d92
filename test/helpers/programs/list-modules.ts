import { writeFileSync } from 'node:fs';

/*
 * Required before the program. At its end it writes which files the program loaded and which built-in modules came with
 * them.
 *   EBILL_TEST_LOADED = the file to write
 */
/** Internal to Node.js, so without a type. */
const { moduleLoadList } = process as unknown as { readonly moduleLoadList: readonly string[] };
const before = new Set(moduleLoadList);

process.on('exit', () => {
  const builtins = moduleLoadList.filter((name) => !before.has(name));
  const files = Object.keys(require.cache).filter((file) => file !== __filename);
  writeFileSync(process.env['EBILL_TEST_LOADED'] ?? '', JSON.stringify({ files, builtins }));
});
