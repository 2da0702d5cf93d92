import { readFileSync } from 'node:fs';

/** A help page as data. The terminal and the man pages show the same one. */
export interface HelpPage {
  /** As typed: `ebill upload invoice`, `ebill help plan`, `ebill`. */
  readonly name: string;
  /** A few words, for lists. */
  readonly summary: string;
  /** The opening sentences. */
  readonly description: string;
  /** Synopsis lines; none for a topic. */
  readonly usage: readonly string[];
  readonly sections: readonly Section[];
}

/** The text of a topic; `topics.ts` adds its name and summary. */
export type TopicText = Pick<HelpPage, 'description' | 'sections'>;

export interface Section {
  readonly title: string;
  /** A man page puts all sections of options under one heading. */
  readonly options?: true;
  readonly blocks: readonly Block[];
}

export type Block =
  /** A paragraph, wrapped. */
  | { readonly type: 'text'; readonly text: string }
  /** Lines kept as they are. */
  | { readonly type: 'lines'; readonly lines: readonly string[] }
  /** Names and what they mean. `ownColumn`: not aligned with the rest of the page, for short names. */
  | { readonly type: 'terms'; readonly rows: readonly Row[]; readonly ownColumn?: true }
  /** Lines to type, and what they do. */
  | { readonly type: 'examples'; readonly rows: readonly Row[] }
  /** Names of commands (`upload invoice`) and topics (`help plan`). */
  | { readonly type: 'see'; readonly names: readonly string[] };

export type Row = readonly [name: string, about: string];

/** Path of the built front page within `dist`. */
export const FRONT_PAGE = 'help/ebill.json';

export const asksForFrontPage = (argv: readonly string[]): boolean =>
  argv.length === 1 && ['--help', '-h', 'help'].includes(argv[0] ?? '');

/**
 * The page of `ebill --help` as the build wrote it. Printing it takes a third less time than declaring all options to
 * commander first. `null` where there is no build, such as when the sources run.
 */
export function frontPage(): HelpPage | null {
  try {
    return JSON.parse(readFileSync(new URL(`../${FRONT_PAGE}`, import.meta.url), 'utf8')) as HelpPage;
  } catch {
    return null;
  }
}
