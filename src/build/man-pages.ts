import { Command } from 'commander';
import { pageOf } from '../commands/help-pages.ts';
import { COMMANDS } from '../commands/index.ts';
import { declareGlobals } from '../commands/shared/global-options.ts';
import { manName, manPage } from '../help/man-page.ts';
import type { HelpPage } from '../help/page.ts';
import { TOPICS } from '../help/topics.ts';

/**
 * The man pages, from the same pages as `--help`: one for each command (`ebill-upload-invoice.1`), one for each topic
 * (`ebill-plan.7`), and `ebill.1`. By file name. The same version makes the same bytes.
 */
export async function manPages(version: string): Promise<ReadonlyMap<string, string>> {
  const pages = [
    ...(await commandPages(version)),
    ...(await Promise.all(TOPICS.map((topic) => topic.page()))),
  ];
  return new Map(
    pages.map((page) => {
      const { name, number } = manName(page);
      return [`${name}.${number}`, manPage(page, `ebill ${version}`)];
    }),
  );
}

/** The program's own page has the global options, for all. */
async function commandPages(version: string): Promise<readonly HelpPage[]> {
  const program = new Command('ebill').version(version, '-V, --version', 'print the version');
  declareGlobals(program);
  const pages = [pageOf(program, null)];
  for (const { path, summary, load } of COMMANDS) {
    const { help, configure } = await load();
    const parent = path.length === 1 ? program : new Command(path[0]);
    parent.parent = path.length === 1 ? null : program;
    const command = parent.command(path.at(-1) ?? '').summary(summary);
    configure(command);
    const { sections, ...page } = pageOf(command, help);
    pages.push({ ...page, sections: sections.map((one) => (one.title === 'Global options' ? GLOBAL : one)) });
  }
  return pages;
}

/** The page of `ebill --help`. */
export async function frontPageOf(version: string): Promise<HelpPage> {
  const [page] = await commandPages(version);
  if (page === undefined) throw new Error('there is no page of the program');
  return page;
}

const GLOBAL: HelpPage['sections'][number] = {
  title: 'Global options',
  options: true,
  blocks: [{ type: 'text', text: 'The options every command takes are in ebill(1).' }],
};
