/** A page of help as data: shown on a terminal, and set as a man page, from the same words. */
export interface HelpPage {
  /** As it is typed: `ebill upload invoice`, `ebill help plan`, `ebill`. */
  readonly name: string;
  /** A few words, for lists. */
  readonly summary: string;
  /** Sentences that open the page. */
  readonly description: string;
  /** Lines that show how it is called; none for a topic. */
  readonly usage: readonly string[];
  readonly sections: readonly Section[];
}

export interface Section {
  readonly title: string;
  /** In a man page the sections of options stand together under one heading. */
  readonly options?: true;
  readonly blocks: readonly Block[];
}

export type Block =
  /** A paragraph, wrapped. */
  | { readonly type: 'text'; readonly text: string }
  /** Lines kept as they are. */
  | { readonly type: 'lines'; readonly lines: readonly string[] }
  /** Names and what they mean; `apart`: with a column of its own, for a table of short names. */
  | { readonly type: 'terms'; readonly rows: readonly Row[]; readonly apart?: true }
  /** Lines to type, and what they do. */
  | { readonly type: 'examples'; readonly rows: readonly Row[] }
  /** Names of commands (`upload invoice`) and topics (`help plan`). */
  | { readonly type: 'see'; readonly names: readonly string[] };

export type Row = readonly [name: string, about: string];

/**
 * A paragraph of a command's notes. One that begins with two spaces is kept line by line; of one with more lines, the
 * first is a paragraph and those below it are kept.
 */
export function noteBlocks(note: string): readonly Block[] {
  if (note.startsWith('  ')) return [{ type: 'lines', lines: note.split('\n') }];
  const [text = '', ...lines] = note.split('\n');
  return lines.length === 0
    ? [{ type: 'text', text }]
    : [
        { type: 'text', text },
        { type: 'lines', lines },
      ];
}
