import { fileURLToPath, pathToFileURL } from 'node:url';

const ONE = fileURLToPath(new URL('../one.js', import.meta.url));

/**
 * A part whose candidates are functions: each run is a process of its own that loads one candidate (`one.js`) and takes the
 * time around its work alone, the start of Node and the reading of libraries left out. Its CPU time is the whole process's.
 * @param {URL} url the module: `files(folder, megabytes)`, `about(files)`, `bytes(files, name)`, and `candidates`, by name
 *   `{ group, load: async () => async (files) => what it says }`
 */
export function inside(url) {
  const module = fileURLToPath(url);
  const loaded = () => import(pathToFileURL(module).href);
  return {
    runs: 5,
    async prepare({ folder, size }) {
      const part = await loaded();
      const files = await part.files(folder, size);
      return { part, files, about: part.about(files) };
    },
    candidates: ({ part, files }) =>
      Object.entries(part.candidates).map(([name, { group }]) => ({
        name,
        group,
        bytes: part.bytes(files, name),
        command: [process.execPath, ONE, module, name, JSON.stringify(files)],
        after: ({ stdout }) => {
          const { ms, says } = JSON.parse(stdout);
          return { wallMs: ms, says };
        },
      })),
  };
}
