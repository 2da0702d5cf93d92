import { FRONT_PAGE } from '../help/front-page.ts';
import { DOCUMENT_SCHEMA } from '../output/document-schema.ts';
import { EVENT_SCHEMA } from '../output/event-schema.ts';
import { planSchemaText } from '../plan/schema.ts';
import { frontPageOf, manPages } from './man-pages.ts';

/**
 * What the package carries besides the program: man pages, the page of `ebill --help`, and the JSON schemas of plans, of the documents of `--json` and
 * of the events of `--progress json`.
 * By path within `dist`. The same version makes the same bytes.
 */
export async function shippedFiles(version: string): Promise<ReadonlyMap<string, string>> {
  const files = new Map([
    [FRONT_PAGE, JSON.stringify(await frontPageOf(version))],
    ['schema/plan.schema.json', planSchemaText()],
    ['schema/document.schema.json', `${JSON.stringify(DOCUMENT_SCHEMA, null, 2)}\n`],
    ['schema/event.schema.json', `${JSON.stringify(EVENT_SCHEMA, null, 2)}\n`],
  ]);
  for (const [name, text] of await manPages(version)) files.set(`man/${name}`, text);
  return files;
}
