import { Command } from 'commander';
import { REGISTRY } from '../commands/index.ts';
import { declareGlobals } from '../commands/shared/options.ts';
import { pageOf } from '../help/command-page.ts';
import { manName, manPage } from '../help/man-page.ts';
import type { HelpPage } from '../help/text.ts';
import { FRONT_PAGE, TOPICS } from '../help/topics.ts';
import { DOCUMENT_SCHEMA } from '../output/json.ts';
import { eventSchema } from '../output/progress/json.ts';
import { approvalSchemaText } from '../plan/approval-schema.ts';
import { planSchemaText } from '../plan/plan-schema.ts';

/**
 * The generated files of the package, by path within `dist`: man pages, the page of `ebill --help`, and the JSON schemas of
 * plans, of approvals, of `--json` documents and of `--progress json` events. The same version gives the same bytes.
 */
export async function shippedFiles(version: string): Promise<ReadonlyMap<string, string>> {
  const files = new Map([
    [FRONT_PAGE, JSON.stringify(await frontPageOf(version))],
    ['schema/plan.schema.json', planSchemaText()],
    ['schema/approval.schema.json', approvalSchemaText()],
    ['schema/document.schema.json', `${JSON.stringify(DOCUMENT_SCHEMA, null, 2)}\n`],
    ['schema/event.schema.json', `${JSON.stringify(eventSchema(), null, 2)}\n`],
  ]);
  for (const [name, text] of await manPages(version)) files.set(`man/${name}`, text);
  return files;
}

/**
 * The man pages by file name, made from the pages of `--help`: `ebill.1`, one for each command
 * (`ebill-upload-invoice.1`) and one for each topic (`ebill-plan.7`).
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

const GLOBAL: HelpPage['sections'][number] = {
  title: 'Global options',
  options: true,
  blocks: [{ type: 'text', text: 'See ebill(1) for the options that every command accepts.' }],
};

/** Only the first page, `ebill`, lists the global options; the others refer to it. */
async function commandPages(version: string): Promise<readonly HelpPage[]> {
  const program = new Command('ebill').version(version, '-V, --version', 'print the version');
  declareGlobals(program);
  const pages = [pageOf(program, null, REGISTRY)];
  for (const { path, summary, load } of REGISTRY.commands) {
    const { help, configure } = await load();
    const parent = path.length === 1 ? program : new Command(path[0]);
    parent.parent = path.length === 1 ? null : program;
    const command = parent.command(path.at(-1) ?? '').summary(summary);
    configure(command);
    const { sections, ...page } = pageOf(command, help, REGISTRY);
    pages.push({ ...page, sections: sections.map((one) => (one.title === 'Global options' ? GLOBAL : one)) });
  }
  return pages;
}

async function frontPageOf(version: string): Promise<HelpPage> {
  const [page] = await commandPages(version);
  if (page === undefined) throw new Error('there is no page of the program');
  return page;
}
