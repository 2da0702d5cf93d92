import { fileURLToPath, pathToFileURL } from 'node:url';

const ONE = fileURLToPath(new URL('../one.js', import.meta.url));

/**
 * A part whose candidates are functions: each run is a process of its own that loads one candidate (`one.js`) and takes the
 * time around its work alone, the start of Node and the reading of libraries left out. Its CPU time is the whole process's.
 * @param {URL} url the module: `files(folder, megabytes)`, `about(files)`, `bytes(files, name)`, and `candidates`, by name
 *   `{ group, load: async () => async (files) => what it says }`; another program has `command(files)` instead of `load`, and
 *   is measured as a whole. `row`: what to call it, when two groups have it; `goal` as for any candidate
 */
export function inside(url) {
  const module = fileURLToPath(url);
  const loaded = () => import(pathToFileURL(module).href);
  return {
    runs: 5,
    size: 128,
    async prepare({ folder, size }) {
      const part = await loaded();
      const files = await part.files(folder, size);
      return { part, files, about: part.about(files) };
    },
    candidates: ({ part, files }) =>
      Object.entries(part.candidates).map(([name, { group, row = name, goal, command }]) => ({
        name: row,
        group,
        bytes: part.bytes(files, name),
        ...(goal === undefined ? {} : { goal }),
        ...(command === undefined ? inOne(module, name, files) : { command: command(files) }),
      })),
  };
}

const inOne = (module, name, files) => ({
  command: [process.execPath, ONE, module, name, JSON.stringify(files)],
  after: ({ stdout }) => {
    const { ms, says } = JSON.parse(stdout);
    return { wallMs: ms, says };
  },
});
