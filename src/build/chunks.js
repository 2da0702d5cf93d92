/**
 * Which modules share a file. Finding and reading a file costs more than the code in it that is not needed, which V8 only
 * skims: so what every command needs is one file, and what every command that talks to a server needs besides is another.
 */
const ROOMS = [
  { name: 'start', roots: ['src/system/context.ts'] },
  { name: 'program', roots: ['src/program.ts'] },
  { name: 'page', roots: ['src/help/text.ts'] },
  { name: 'parse', roots: ['src/parse.ts'] },
  {
    name: 'options',
    roots: ['selection', 'upload-options', 'watch-options'].map((name) => `src/commands/shared/${name}.ts`),
  },
  {
    name: 'session',
    roots: ['session', 'targets', 'wait', 'upload-flow', 'status-now'].map(
      (name) => `src/commands/shared/${name}.ts`,
    ),
  },
];

/** Module → the name of its file; known when the graph is. */
const rooms = new Map();

/** Gives each module the first room whose roots need it, by static imports alone. */
export const roomPlan = {
  name: 'room-plan',
  buildEnd(error) {
    if (error) return;
    rooms.clear();
    const ids = [...this.getModuleIds()];
    for (const { name, roots } of ROOMS) {
      const waiting = roots.map((root) => moduleAt(ids, root));
      for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
        if (rooms.has(id)) continue;
        rooms.set(id, name);
        waiting.push(...(this.getModuleInfo(id)?.importedIds ?? []));
      }
    }
  },
};

/** `output.codeSplitting` */
export const codeSplitting = {
  // A module is in the room it was given, not in that of the first to ask for it.
  includeDependenciesRecursively: false,
  groups: ROOMS.map(({ name }, i) => ({
    name,
    priority: ROOMS.length - i,
    test: (id) => rooms.get(id) === name,
  })),
};

function moduleAt(ids, path) {
  const found = ids.find((id) => id.replaceAll('\\', '/').endsWith(`/${path}`));
  if (found === undefined) throw new Error(`There is no module ${path} to give a room to.`);
  return found;
}
