import { realpath, stat } from 'node:fs/promises';
import { basename, relative } from 'node:path';
import type { Context } from '../context.ts';
import { EbillError } from '../errors.ts';
import { expandFiles } from '../files/expand.ts';
import { visible } from '../visible.ts';
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
  const customers: string[] = [];
  for (const given of plan.customers) customers.push(...(await finder.find(given, 'customers')));
  const invoices: { file: string; items: readonly string[] }[] = [];
  for (const [i, { file, items }] of plan.invoices.entries()) {
    const found = await finder.find(file, `invoices[${i + 1}]`);
    if (found.length > 1)
      finder.wrong(file, `${shown(file)} matches ${found.length} files, and each invoice entry names one`);
    const under: string[] = [];
    for (const given of items) under.push(...(await finder.find(given, `invoices[${i + 1}].items`)));
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

  /** The files that are meant, each once in the whole plan; what is wrong is noted. */
  async find(given: Given, as: string): Promise<readonly string[]> {
    let paths: readonly string[];
    try {
      paths = await expandFiles([given.text], { cwd: this.#folder, platform: this.#platform });
    } catch (error) {
      if (!(error instanceof EbillError)) throw error;
      this.wrong(given, `${error.message}; patterns are relative to the plan's folder`);
      return [];
    }
    const found: string[] = [];
    for (const path of paths) {
      const there = await stat(path).catch(() => null);
      if (there === null)
        this.wrong(given, `there is no file ${shown(given)} (relative to the plan's folder)`);
      else if (!there.isFile()) this.wrong(given, `${shown(given)} is no file`);
      else if (await this.#isNew(path, given, as)) found.push(path);
    }
    return found;
  }

  wrong({ line, column }: Place, message: string): void {
    this.mistakes.push({ line, column, message });
  }

  async #isNew(path: string, given: Given, as: string): Promise<boolean> {
    const real = await realpath(path).catch(() => path);
    const before = this.#meant.get(real);
    const file = visible(relative(this.#folder, path) || path);
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
        `${file} has the same name as ${visible(relative(this.#folder, other.path))} (line ${other.place.line}); on the server the second would replace the first: rename one`,
      );
      return false;
    }
    this.#names.set(name, { path, place: given });
    return true;
  }
}

const shown = (given: Given): string => visible(given.text);
