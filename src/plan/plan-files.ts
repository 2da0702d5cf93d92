import { realpath, stat } from 'node:fs/promises';
import { basename, relative } from 'node:path';
import { EbillError, errnoOf, messageOf } from '../errors.ts';
import { expandFiles, patternProblem } from '../files/file-arguments.ts';
import type { Context } from '../system/context.ts';
import { visible } from '../system/escaping.ts';
import { invalidPlan, type Mistake, type Place, type Plan, type PlannedFile } from './plan-schema.ts';

/** The files of a plan: absolute paths in natural order. */
export interface ResolvedPlanFiles {
  readonly customers: readonly string[];
  readonly invoices: readonly { readonly file: string; readonly items: readonly string[] }[];
}

/**
 * Finds the files of a plan; paths are relative to the plan (commands rule 31).
 * @param folder the folder of the plan, absolute
 * @param name the plan's name for the messages
 * @throws EbillError INVALID_PLAN naming each pattern without a match and each file that is missing or used twice
 */
export async function resolvePlanFiles(
  plan: Plan,
  folder: string,
  name: string,
  { platform }: Pick<Context, 'platform'>,
): Promise<ResolvedPlanFiles> {
  const finder = new Finder(folder, platform);
  const customers = await finder.findAll(plan.customers, 'customers');
  const invoices: { file: string; items: readonly string[] }[] = [];
  for (const [i, { file, items }] of plan.invoices.entries()) {
    const found = await finder.find(file, `invoices[${i + 1}].file`);
    if (found.length > 1)
      finder.wrong(
        file,
        `${shown(file)} matches ${found.length} files, but an invoice entry has one: write an entry for each, with its items`,
      );
    const under = await finder.findAll(items, `invoices[${i + 1}].items`);
    invoices.push({ file: found[0] ?? '', items: await inOrder(under) });
  }
  if (finder.mistakes.length > 0) throw invalidPlan(name, finder.mistakes);
  return { customers: await inOrder(customers), invoices };

  function inOrder(paths: readonly string[]): Promise<string[]> {
    return expandFiles(paths, { cwd: folder, platform });
  }
}

class Finder {
  readonly mistakes: Mistake[] = [];
  readonly #folder: string;
  readonly #platform: NodeJS.Platform;
  /** Where each file was named first, by real path. */
  readonly #byPath = new Map<string, { readonly as: string; readonly place: Place }>();
  /** Where each base name was used first. */
  readonly #byName = new Map<string, { readonly path: string; readonly place: Place }>();

  constructor(folder: string, platform: NodeJS.Platform) {
    this.#folder = folder;
    this.#platform = platform;
  }

  async findAll(entries: readonly PlannedFile[], as: string): Promise<readonly string[]> {
    const found: (readonly string[])[] = [];
    for (const one of entries) found.push(await this.find(one, as));
    return found.flat();
  }

  /** The files that an entry names and no earlier entry does. Adds what is wrong to `mistakes`. */
  async find(given: PlannedFile, as: string): Promise<readonly string[]> {
    let paths: readonly string[];
    try {
      paths = await expandFiles([given.text], { cwd: this.#folder, platform: this.#platform });
    } catch (error) {
      if (!(error instanceof EbillError)) throw error;
      const problem = patternProblem(given.text);
      this.wrong(
        given,
        problem === null
          ? `no file matches ${shown(given)} ${this.#where(given)}`
          : `the pattern is too complex: ${problem}; use a simpler one, such as itm_*.csv, or several`,
      );
      return [];
    }
    const found: string[] = [];
    for (const path of paths) {
      const problem = await this.#problem(path, given);
      if (problem !== null) this.wrong(given, problem);
      else if (await this.#isNew(path, given, as)) found.push(path);
    }
    return found;
  }

  wrong({ line, column }: Place, message: string): void {
    this.mistakes.push({ line, column, message });
  }

  /** Why a path is not a file to load; `null` when it is one. Its content is checked later. */
  async #problem(path: string, given: PlannedFile): Promise<string | null> {
    try {
      const there = await stat(path);
      if (there.isFile()) return null;
      const what = there.isDirectory() ? 'a folder: name the files in it' : 'not a regular file';
      return `${this.#named(path)} is ${what}`;
    } catch (error) {
      const code = errnoOf(error);
      if (code === 'ENOENT' || code === 'ENOTDIR')
        return `the file ${shown(given)} does not exist ${this.#where(given)}`;
      return `${this.#named(path)} cannot be read: ${code === 'EACCES' ? 'permission denied' : messageOf(error)}`;
    }
  }

  /** The folder searched; no shell expands the paths of a plan. */
  #where({ text }: PlannedFile): string {
    const shell = /^~|\$\w|\$\{/.test(text) ? '; ~ and $NAME are not expanded' : '';
    return `in ${visible(this.#folder)} (paths in a plan are relative to the plan${shell})`;
  }

  #named(path: string): string {
    return visible(relative(this.#folder, path) || path);
  }

  async #isNew(path: string, given: PlannedFile, as: string): Promise<boolean> {
    const real = await realpath(path).catch(() => path);
    const before = this.#byPath.get(real);
    const file = this.#named(path);
    if (before !== undefined) {
      // Patterns of one list may overlap: a file given twice counts once (commands rule 14).
      if (before.as !== as)
        this.wrong(
          given,
          `${file} is in ${visible(as)} and also in ${visible(before.as)} (line ${before.place.line}): name it once`,
        );
      return false;
    }
    this.#byPath.set(real, { as, place: given });
    const name = basename(path);
    const other = this.#byName.get(name);
    if (other !== undefined) {
      // The server keeps one object for each file name (api rule 26).
      this.wrong(
        given,
        `${file} has the same name as ${this.#named(other.path)} (line ${other.place.line}), which it would replace on the server: rename one`,
      );
      return false;
    }
    this.#byName.set(name, { path, place: given });
    return true;
  }
}

const shown = (given: PlannedFile): string => visible(given.text);
