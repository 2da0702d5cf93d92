import type { Plugin } from 'rolldown';

/**
 * Which modules share a file. To find and read a file costs more than unused code in it, which V8 only scans. So what
 * every command needs is one file, and what every command that talks to a server needs is another.
 */
const CHUNKS = [
  { name: 'start', roots: ['src/system/context.ts', 'src/system/startup-failure.ts'] },
  { name: 'program', roots: ['src/program.ts'] },
  { name: 'page', roots: ['src/help/text.ts'] },
  { name: 'parse', roots: ['src/parse.ts'] },
  {
    name: 'options',
    roots: ['selection', 'upload-options'].map((name) => `src/commands/shared/${name}.ts`),
  },
  {
    name: 'session',
    roots: ['session', 'targets', 'wait', 'load-steps', 'batch-result'].map(
      (name) => `src/commands/shared/${name}.ts`,
    ),
  },
];

/** Module id → the name of its chunk; known after all modules are. */
const chunkOf = new Map<string, string>();

/** Gives each module to the first chunk whose roots need it, by static imports only. */
export const chunkPlan: Plugin = {
  name: 'chunk-plan',
  buildEnd(error) {
    if (error) return;
    chunkOf.clear();
    const ids = [...this.getModuleIds()];
    for (const { name, roots } of CHUNKS) {
      const waiting = roots.map((root) => moduleAt(ids, root));
      for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
        if (chunkOf.has(id)) continue;
        chunkOf.set(id, name);
        waiting.push(...(this.getModuleInfo(id)?.importedIds ?? []));
      }
    }
  },
};

export const codeSplitting = {
  // A module stays in the chunk it was given to, whichever chunk imports it first.
  includeDependenciesRecursively: false,
  groups: CHUNKS.map(({ name }, i) => ({
    name,
    priority: CHUNKS.length - i,
    test: (id: string) => chunkOf.get(id) === name,
  })),
};

function moduleAt(ids: readonly string[], path: string): string {
  const found = ids.find((id) => id.replaceAll('\\', '/').endsWith(`/${path}`));
  if (found === undefined) throw new Error(`src/build/chunks.ts names ${path}, which is not in the program.`);
  return found;
}
