import { realpath, stat } from 'node:fs/promises';
import { basename, relative } from 'node:path';
import { EbillError, errnoOf, messageOf } from '../errors.ts';
import { expandFiles } from '../files/expand.ts';
import { patternProblem } from '../files/glob-cost.ts';
import type { Context } from '../system/context.ts';
import { visible } from '../system/escaping.ts';
import { planMistakes } from './mistakes.ts';
import type { Given, Mistake, Place, Plan } from './types.ts';

/** The files a plan means: absolute paths, in natural order. */
export interface FilesOfPlan {
  readonly customers: readonly string[];
  readonly invoices: readonly { readonly file: string; readonly items: readonly string[] }[];
}

/**
 * Finds the files of a plan (cli.md, "Plan file": paths are relative to the plan).
 * @param folder the plan's, absolute @param name of the plan, for the messages
 * @throws EbillError INVALID_PLAN naming each pattern that matches nothing, each file that is missing or meant twice
 */
export async function filesOfPlan(
  plan: Plan,
  folder: string,
  name: string,
  { platform }: Pick<Context, 'platform'>,
): Promise<FilesOfPlan> {
  const finder = new Finder(folder, platform);
  const customers = await finder.findAll(plan.customers, 'customers');
  const invoices: { file: string; items: readonly string[] }[] = [];
  for (const [i, { file, items }] of plan.invoices.entries()) {
    const found = await finder.find(file, `invoices[${i + 1}].file`);
    if (found.length > 1)
      finder.wrong(
        file,
        `${shown(file)} matches ${found.length} files; an invoice entry has one: write an entry for each, with its items`,
      );
    const under = await finder.findAll(items, `invoices[${i + 1}].items`);
    invoices.push({ file: found[0] ?? '', items: await inOrder(under) });
  }
  if (finder.mistakes.length > 0) throw planMistakes(name, finder.mistakes);
  return { customers: await inOrder(customers), invoices };

  function inOrder(paths: readonly string[]): Promise<string[]> {
    return expandFiles(paths, { cwd: folder, platform });
  }
}

class Finder {
  readonly mistakes: Mistake[] = [];
  readonly #folder: string;
  readonly #platform: NodeJS.Platform;
  /** By real path, and by base name: who meant it first. */
  readonly #meant = new Map<string, { readonly as: string; readonly place: Place }>();
  readonly #names = new Map<string, { readonly path: string; readonly place: Place }>();

  constructor(folder: string, platform: NodeJS.Platform) {
    this.#folder = folder;
    this.#platform = platform;
  }

  async findAll(given: readonly Given[], as: string): Promise<readonly string[]> {
    const found: (readonly string[])[] = [];
    for (const one of given) found.push(await this.find(one, as));
    return found.flat();
  }

  /** The files that are meant, each once in the whole plan; what is wrong is noted. */
  async find(given: Given, as: string): Promise<readonly string[]> {
    let paths: readonly string[];
    try {
      paths = await expandFiles([given.text], { cwd: this.#folder, platform: this.#platform });
    } catch (error) {
      if (!(error instanceof EbillError)) throw error;
      const problem = patternProblem(given.text);
      this.wrong(
        given,
        problem === null
          ? `nothing matches ${shown(given)} ${this.#where(given)}`
          : `this pattern is too intricate: ${problem}; use a simpler one, such as itm_*.csv, or several`,
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

  /** Why a path is no file to load; `null` when it is one. What is in it is checked later. */
  async #problem(path: string, given: Given): Promise<string | null> {
    try {
      const there = await stat(path);
      if (there.isFile()) return null;
      const what = there.isDirectory() ? 'a folder: name the files in it' : 'no ordinary file';
      return `${this.#named(path)} is ${what}`;
    } catch (error) {
      const code = errnoOf(error);
      if (code === 'ENOENT' || code === 'ENOTDIR')
        return `there is no file ${shown(given)} ${this.#where(given)}`;
      return `${this.#named(path)} cannot be reached: ${code === 'EACCES' ? 'permission denied' : messageOf(error)}`;
    }
  }

  /** Where it was looked for; a plan is read by no shell. */
  #where({ text }: Given): string {
    const shell = /^~|\$\w|\$\{/.test(text) ? '; ~ and $NAME mean nothing in a plan' : '';
    return `in ${visible(this.#folder)} (a plan's paths are relative to it${shell})`;
  }

  #named(path: string): string {
    return visible(relative(this.#folder, path) || path);
  }

  async #isNew(path: string, given: Given, as: string): Promise<boolean> {
    const real = await realpath(path).catch(() => path);
    const before = this.#meant.get(real);
    const file = this.#named(path);
    if (before !== undefined) {
      // Two patterns of one list may overlap: a file given twice counts once (cli.md, "Files given").
      if (before.as !== as)
        this.wrong(
          given,
          `${file} is in ${visible(as)} and, on line ${before.place.line}, in ${visible(before.as)}: name it once`,
        );
      return false;
    }
    this.#meant.set(real, { as, place: given });
    const name = basename(path);
    const other = this.#names.get(name);
    if (other !== undefined) {
      // The server keeps one object for a file name (batch-api.md, what bites 14).
      this.wrong(
        given,
        `${file} has the same name as ${this.#named(other.path)} (line ${other.place.line}); on the server the second would replace the first: rename one`,
      );
      return false;
    }
    this.#names.set(name, { path, place: given });
    return true;
  }
}

const shown = (given: Given): string => visible(given.text);
