import { hang, padEnd, wrap } from '../output/fit.ts';
import { textWidth } from '../output/text-width.ts';
import type { Block, HelpPage, Row, Section } from './page.ts';

/** Where a page is shown. A `Look` of stdout, with a width, is one. */
export interface HelpLook {
  /** Columns. */
  readonly width: number;
  readonly paint: { bold(text: string): string };
}

/** Lines are never longer than this: nobody follows one across a whole wide screen. */
const WIDEST = 120;
/** Where less than this is left, a meaning stands under its name, not beside it. */
const LEAST_BESIDE = 34;

/** A page as text, with a newline at its end. Lines fit the width, but for words longer than it. */
export function pageText(page: HelpPage, { width: columns, paint }: HelpLook): string {
  const width = Math.min(WIDEST, Math.max(20, columns));
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
            page.usage.map((line) => hang('  ', line, width, 6)),
          ),
        ]),
    ...page.sections.map(({ title, blocks }) =>
      titled(
        title,
        blocks.flatMap((block, i) => [
          ...(i > 0 && apart(block, blocks[i - 1]) ? [''] : []),
          ...blockLines(block, width, column),
        ]),
      ),
    ),
  ];
  return `${parts.join('\n\n')}\n`;
}

/** What follows a paragraph's end is set apart, but for the lines it leads up to. */
const apart = (block: Block, before: Block | undefined): boolean =>
  !(block.type === 'lines' && before?.type === 'text');

/** One column for the meanings of the whole page: as wide as the longest name, but at most two fifths of the line. */
function termColumn(sections: readonly Section[], width: number): number {
  const names = sections.flatMap(({ blocks }) =>
    blocks.flatMap((block) =>
      block.type === 'terms' && block.apart !== true ? block.rows.map(([name]) => textWidth(name)) : [],
    ),
  );
  const most = Math.floor(width * 0.4);
  return Math.max(2, ...names.filter((own) => own + 4 <= most)) + 4;
}

function blockLines(block: Block, width: number, column: number): readonly string[] {
  switch (block.type) {
    case 'text':
      return [hang('  ', block.text, width)];
    case 'lines':
      return block.lines.map((line) => keptLine(line, width));
    case 'terms':
      return termLines(block.rows, width, block.apart === true ? ownColumn(block.rows) : column);
    case 'examples':
      return block.rows.flatMap(([line, about]) => [
        ...commandLines(line, width),
        hang('      ', about, width),
      ]);
    case 'see':
      return [hang('  ', block.names.map((name) => `ebill ${name}`).join(', '), width)];
  }
}

/** A line kept as it is; one that is too long goes on under its second column. */
function keptLine(line: string, width: number): string {
  const [lead = ''] = /^\s*(?:\S+\s{2,})?/.exec(line) ?? [];
  return hang(`  ${lead}`, line.slice(lead.length), width).trimEnd();
}

const ownColumn = (rows: readonly Row[]): number => Math.max(...rows.map(([name]) => textWidth(name))) + 4;

function termLines(rows: readonly Row[], width: number, column: number): readonly string[] {
  const narrow = width - column < LEAST_BESIDE && column > 8;
  return rows.flatMap(([name, about]) => {
    if (narrow) return [`  ${name}`, hang('      ', about, width)];
    if (textWidth(name) + 4 > column) return [`  ${name}`, hang(' '.repeat(column), about, width)];
    return [hang(`  ${padEnd(name, column - 4)}  `, about, width)];
  });
}

/** A line to type. Too long for the width, it goes on as a shell lets it: after a backslash, between words. */
function commandLines(line: string, width: number): readonly string[] {
  const words = line.match(/(?:[^\s'"]|'[^']*'|"[^"]*")+/g) ?? [line];
  const lines: string[] = [];
  let current = '  $';
  for (const word of words) {
    const longer = `${current} ${word}`;
    if (textWidth(longer) + 2 > width && current.trim() !== '$') {
      lines.push(`${current} \\`);
      current = `      ${word}`;
    } else current = longer;
  }
  return [...lines, current];
}
