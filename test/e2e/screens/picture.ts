import type { Capture } from './theatre.ts';

/** Width and height of a cell, in px at a font size of 14. */
const [CELL_WIDTH, CELL_HEIGHT] = [8.43, 20];
const MARGIN = 16;

/** The colours of the style letters (`style.ts`); `text` and `dim` are those of unstyled and dim text. */
export type Palette = Readonly<
  Record<'background' | 'text' | 'dim' | 'r' | 'g' | 'y' | 'b' | 'm' | 'c' | 'k', string>
>;

export const LIGHT: Palette = {
  background: '#ffffff',
  text: '#1f2328',
  dim: '#6e7781',
  r: '#cf222e',
  g: '#116329',
  y: '#7d4e00',
  b: '#0550ae',
  m: '#8250df',
  c: '#1b7c83',
  k: '#57606a',
};
export const DARK: Palette = {
  background: '#0d1117',
  text: '#e6edf3',
  dim: '#7d8590',
  r: '#ff7b72',
  g: '#3fb950',
  y: '#d29922',
  b: '#58a6ff',
  m: '#bc8cff',
  c: '#39c5cf',
  k: '#8b949e',
};

/** A terminal capture as an SVG picture, in the palette's colours. The same capture gives the same bytes. */
export function picture({ name, lines, styles }: Capture, palette: Palette): string {
  const prompt = name.replace(/, meanwhile$/, '');
  const rows = [
    { line: prompt, style: '*'.repeat(prompt.length) },
    ...lines.map((line, i) => ({ line, style: styles[i] ?? '' })),
  ];
  const columns = Math.max(...rows.map(({ line }) => [...line].length));
  const [width, height] = [
    Math.ceil(columns * CELL_WIDTH) + 2 * MARGIN,
    rows.length * CELL_HEIGHT + 2 * MARGIN,
  ];
  const texts = rows.flatMap(({ line, style }, y) =>
    runsOf([...line], style).map((run) => textOf(run, y, palette)),
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">`,
    `<title>${escaped(prompt)}</title>`,
    `<rect width="${width}" height="${height}" rx="6" fill="${palette.background}" stroke="${palette.dim}" stroke-opacity="0.4"/>`,
    `<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14" xml:space="preserve">`,
    ...texts,
    '</g>',
    '</svg>',
    '',
  ].join('\n');
}

interface Run {
  readonly x: number;
  readonly text: string;
  readonly style: string;
}

/** Pieces of a line in one style; SVG folds several blanks into one, so a piece ends at two. */
function runsOf(characters: readonly string[], styles: string): readonly Run[] {
  const runs: Run[] = [];
  for (let x = 0; x < characters.length; ) {
    const style = styles[x] ?? ' ';
    let end = x;
    while (end < characters.length && (styles[end] ?? ' ') === style) end += 1;
    for (const { 0: text, index } of characters
      .slice(x, end)
      .join('')
      .matchAll(/\S+(?: \S+)*/g))
      runs.push({ x: x + index, text, style });
    x = end;
  }
  return runs;
}

function textOf({ x, text, style }: Run, row: number, palette: Palette): string {
  const letter = style.toLowerCase();
  const colour =
    style === '.' ? palette.dim : letter in palette ? palette[letter as keyof Palette] : palette.text;
  const bold = style === '*' || style !== letter ? ' font-weight="bold"' : '';
  const left = (MARGIN + x * CELL_WIDTH).toFixed(2);
  const length = ([...text].length * CELL_WIDTH).toFixed(2);
  const baseline = MARGIN + row * CELL_HEIGHT + 14;
  return `<text x="${left}" y="${baseline}" textLength="${length}" lengthAdjust="spacingAndGlyphs" fill="${colour}"${bold}>${escaped(text)}</text>`;
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
