import type { Block, HelpPage, Section } from './text.ts';

/** The name and section of a man page: `ebill-upload-invoice` in section 1; topics are in section 7. */
export function manName({ name }: Pick<HelpPage, 'name'>): { readonly name: string; readonly number: 1 | 7 } {
  const topic = name.startsWith('ebill help ');
  return { name: name.replace('ebill help ', 'ebill ').replaceAll(' ', '-'), number: topic ? 7 : 1 };
}

/** Headings that man pages have by convention. */
const HEADINGS: Readonly<Record<string, string>> = { 'Exit codes': 'Exit status' };

/** @param program the name and version of the program */
export function manPage(page: HelpPage, program: string): string {
  const { name, number } = manName(page);
  const notes = page.sections.filter((one) => one.title === 'Notes');
  const rest = page.sections.filter((one) => !notes.includes(one));
  return `${[
    title(name, number, program),
    section('Name'),
    `${roff(name)} \\- ${roff(page.summary)}`,
    ...(page.usage.length === 0 ? [] : [section('Synopsis'), ...synopsis(page)]),
    section('Description'),
    paragraph(page.description),
    ...notes.flatMap(({ blocks }) => blocks.map(blockText)),
    ...rest.flatMap((one, i) => sectionText(one, rest[i - 1])),
  ].join('\n')}\n`;
}

/** Literal words in bold, placeholders in italics. */
function synopsis({ usage }: HelpPage): readonly string[] {
  return usage.flatMap((line, i) => [
    ...(i === 0 ? [] : ['.br']),
    line
      .split(' ')
      .map((word) => (/^[<[]/.test(word) ? `\\fI${roff(word)}\\fR` : `\\fB${roff(word)}\\fR`))
      .join(' '),
  ]);
}

/** Consecutive sections of options go under one heading. */
function sectionText(own: Section, before: Section | undefined): readonly string[] {
  const blocks = own.blocks.map(blockText);
  if (own.options !== true) return [section(HEADINGS[own.title] ?? own.title), ...blocks];
  return [...(before?.options === true ? [] : [section('Options')]), ...heading(own), ...blocks];
}

const heading = ({ title: name }: Section): readonly string[] =>
  name === 'Options' ? [] : [subsection(name)];

function blockText(block: Block): string {
  switch (block.type) {
    case 'text':
      return paragraph(block.text);
    case 'lines':
      return verbatim(block.lines);
    case 'terms':
    case 'examples':
      return block.rows.map(([name, about]) => tagged(name, about)).join('\n');
    case 'see':
      return block.names
        .map((name) => manName({ name: `ebill ${name}` }))
        .map(({ name, number }) => reference(name, number))
        .join(',\n');
  }
}

/** Escapes text for roff: dashes and quotes stay as they are, and no line becomes a request. */
export function roff(text: string): string {
  return (
    text
      .replace(/\\/g, '\\e')
      .replace(/-/g, '\\-')
      .replace(/^(?=[.'])/gm, '\\&')
      .replace(/['`^~]/g, (char) => ASCII[char] ?? char)
      // Old versions of man read only ASCII.
      .replace(
        /[^\x00-\x7f]/gu,
        (char) => `\\[u${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`,
      )
  );
}

/** Characters that roff would replace by typographic ones, which a shell does not accept. */
const ASCII: Readonly<Record<string, string>> = {
  "'": '\\(aq',
  '`': '\\(ga',
  '^': '\\(ha',
  '~': '\\(ti',
};

const section = (title: string): string => `.SH ${roff(title.toUpperCase())}`;

const subsection = (title: string): string => `.SS ${roff(title)}`;

const tagged = (term: string, about: string): string => `.TP\n\\fB${roff(term)}\\fR\n${roff(about) || '\\&'}`;

const verbatim = (lines: readonly string[]): string =>
  `.PP\n.nf\n${lines.map((line) => roff(line) || '\\&').join('\n')}\n.fi`;

const paragraph = (text: string): string => `.PP\n${roff(text)}`;

/** `ebill-watch(1)`. */
const reference = (name: string, number: 1 | 7): string => `\\fB${roff(name)}\\fR(${number})`;

/** The first line of a page. */
const title = (name: string, number: 1 | 7, program: string): string =>
  `.TH "${roff(name.toUpperCase())}" "${number}" "" "${roff(program)}" "ebill"\n.ad l`;
