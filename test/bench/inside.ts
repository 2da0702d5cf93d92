import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';
import type { OptionalPeer } from './optional-peers.ts';
import type { Candidate, Goal, Part } from './part.ts';

/** Functions to compare, each measured in a process of its own around its work only. */
export interface Functions<F> {
  /** Makes the input. @param size MB */
  files(folder: string, size: number): Promise<F>;
  about(files: F): string;
  bytes(files: F, name: string): number;
  /** By name. */
  readonly candidates: Readonly<Record<string, Work<F>>>;
}

export interface Work<F> {
  readonly group: string;
  /** The name of its row, when two groups have it. */
  readonly row?: string;
  readonly goal?: Goal;
  readonly needs?: OptionalPeer;
  /** Loads libraries, which is not measured. @returns the work; its answer is compared within the group */
  load?(): Promise<(files: F) => Promise<string | number> | string | number>;
  /** Another program instead, measured as a whole. */
  command?(files: F): string[];
}

/**
 * A part whose candidates are functions. Time is taken in the child (`inside-child.ts`) around the work alone; CPU time and
 * memory are those of its whole process.
 * @param name of the part, as the child knows it
 */
export const inside = <F>(name: string, { files, about, bytes, candidates }: Functions<F>): Part => ({
  runs: 5,
  size: 128,
  async open({ folder, size }) {
    const given = await files(folder, size);
    const child = await compiled('inside-child');
    return {
      about: about(given),
      candidates: Object.entries(candidates).map(
        ([candidate, { group, row = candidate, goal, needs, command }]) => ({
          name: row,
          group,
          bytes: bytes(given, candidate),
          ...(goal === undefined ? {} : { goal }),
          ...(needs === undefined ? {} : { needs }),
          ...(command === undefined
            ? inChild([process.execPath, child, name, candidate, JSON.stringify(given)])
            : { command: command(given) }),
        }),
      ),
    };
  },
});

const inChild = (command: readonly string[]): Pick<Candidate, 'command' | 'after'> => ({
  command,
  after: ({ stdout }) => {
    const { ms, says } = JSON.parse(stdout) as { readonly ms: number; readonly says: string };
    return { wallMs: ms, says };
  },
});

/** Compiles a program of this folder before it is measured. @returns its path */
export async function compiled(name: string): Promise<string> {
  const dir = fileURLToPath(new URL(`../../node_modules/.cache/ebill-bench/${name}/`, import.meta.url));
  mkdirSync(dir, { recursive: true });
  await build({
    input: fileURLToPath(new URL(`${name}.ts`, import.meta.url)),
    platform: 'node',
    logLevel: 'warn',
    external: /^[^./]/,
    output: { dir, cleanDir: true, format: 'es', entryFileNames: '[name].mjs', chunkFileNames: '[name].mjs' },
  });
  return `${dir}${name}.mjs`;
}
