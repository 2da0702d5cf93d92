import { hangingIndent, padEnd, textWidth, wrap } from '../output/text-layout.ts';
import { createColors } from '../output/theme.ts';

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

/** The text of a topic; `TOPICS` adds its name and summary. */
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

/** A section of a topic; a string is a paragraph. */
export const section = (title: string, ...blocks: readonly (Block | string)[]): Section => ({
  title,
  blocks: blocks.map((block) => (typeof block === 'string' ? { type: 'text', text: block } : block)),
});

export const lines = (text: string): Block => ({ type: 'lines', lines: text.split('\n') });

export const terms = (rows: Readonly<Record<string, string>>): Block => ({
  type: 'terms',
  rows: Object.entries(rows),
});

/** Exit codes, which are too short for the column of other terms. */
export const codes = (...rows: readonly Row[]): Block => ({ type: 'terms', rows, ownColumn: true });

export const examples = (...rows: readonly Row[]): Section => section('Examples', { type: 'examples', rows });

export const seeAlso = (...names: readonly string[]): Section => section('See also', { type: 'see', names });

/** Longer lines are hard to read, however wide the terminal. */
const MAX_WIDTH = 120;
/** With fewer columns left, a description goes under its term instead of beside it. */
const MIN_DESCRIPTION = 34;

/**
 * A help page as printed, ending with a newline.
 * @param columns width of the terminal
 * @param color whether headings may be bold
 */
export async function shownPage(page: HelpPage, columns: number, color: boolean): Promise<string> {
  return pageText(page, { width: columns, paint: await createColors(color) });
}

/** Lines fit the width, except for single words that are longer and what is copied: commands, and lines kept as they are. */
export function pageText(
  page: HelpPage,
  { width: columns, paint }: { readonly width: number; readonly paint: { bold(text: string): string } },
): string {
  const width = Math.min(MAX_WIDTH, Math.max(20, columns));
  const column = termColumn(page.sections, width);
  const titled = (title: string, lines: readonly string[]): string =>
    [paint.bold(`${title}:`), ...lines].join('\n');
  const parts = [
    wrap(page.description, width).join('\n'),
    ...(page.usage.length === 0
      ? []
      : [
          titled(
            'Usage',
            page.usage.map((line) => hangingIndent('  ', line, width, 6)),
          ),
        ]),
    ...page.sections.map(({ title, blocks }) =>
      titled(
        title,
        blocks.flatMap((block, i) => [
          ...(i > 0 && separated(block, blocks[i - 1]) ? [''] : []),
          ...blockLines(block, width, column),
        ]),
      ),
    ),
  ];
  return `${parts.join('\n\n')}\n`;
}

/** A blank line between blocks, except between a paragraph and the lines it introduces. */
const separated = (block: Block, before: Block | undefined): boolean =>
  !(block.type === 'lines' && before?.type === 'text');

/** The column of all descriptions on the page: after the longest term, at most two fifths of the width. */
function termColumn(sections: readonly Section[], width: number): number {
  const names = sections.flatMap(({ blocks }) =>
    blocks.flatMap((block) =>
      block.type === 'terms' && block.ownColumn !== true ? block.rows.map(([name]) => textWidth(name)) : [],
    ),
  );
  const most = Math.floor(width * 0.4);
  return Math.max(2, ...names.filter((own) => own + 4 <= most)) + 4;
}

function blockLines(block: Block, width: number, column: number): readonly string[] {
  switch (block.type) {
    case 'text':
      return [hangingIndent('  ', block.text, width)];
    case 'lines':
      return block.lines.map((line) => `  ${line}`.trimEnd());
    case 'terms':
      return termLines(block.rows, width, block.ownColumn === true ? columnOf(block.rows) : column);
    case 'examples':
      return block.rows.flatMap(([line, about]) => [
        // Never broken, whatever the width: it is copied.
        `  $ ${line}`,
        hangingIndent('      ', about, width),
      ]);
    case 'see':
      return [hangingIndent('  ', block.names.map((name) => `ebill ${name}`).join(', '), width)];
  }
}

const columnOf = (rows: readonly Row[]): number => Math.max(...rows.map(([name]) => textWidth(name))) + 4;

function termLines(rows: readonly Row[], width: number, column: number): readonly string[] {
  const narrow = width - column < MIN_DESCRIPTION && column > 8;
  return rows.flatMap(([name, about]) => {
    if (narrow) return [`  ${name}`, hangingIndent('      ', about, width)];
    if (textWidth(name) + 4 > column) return [`  ${name}`, hangingIndent(' '.repeat(column), about, width)];
    return [hangingIndent(`  ${padEnd(name, column - 4)}  `, about, width)];
  });
}
