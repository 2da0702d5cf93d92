import type { Block, HelpPage, Section } from './page.ts';

/** What a page is called among man pages: `ebill-upload-invoice`, in section 1; a topic's is in section 7. */
export function manName({ name }: Pick<HelpPage, 'name'>): { readonly name: string; readonly number: 1 | 7 } {
  const topic = name.startsWith('ebill help ');
  return { name: name.replace('ebill help ', 'ebill ').replaceAll(' ', '-'), number: topic ? 7 : 1 };
}

/** The heading man pages have for what help calls otherwise. */
const HEADINGS: Readonly<Record<string, string>> = { 'Exit codes': 'Exit status' };

/**
 * A page of help as a man page.
 * @param program the name and version of the program
 */
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

/** The words to type in bold, what they stand for in italics. */
function synopsis({ usage }: HelpPage): readonly string[] {
  return usage.flatMap((line, i) => [
    ...(i === 0 ? [] : ['.br']),
    line
      .split(' ')
      .map((word) => (/^[<[]/.test(word) ? `\\fI${roff(word)}\\fR` : `\\fB${roff(word)}\\fR`))
      .join(' '),
  ]);
}

/** The groups of options follow each other under one heading. */
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

/** Text as a man page takes it: no dash becomes a hyphen, no quote a curly one, no line a request. */
export function roff(text: string): string {
  return (
    text
      .replace(/\\/g, '\\e')
      .replace(/-/g, '\\-')
      .replace(/^(?=[.'])/gm, '\\&')
      .replace(/['`^~]/g, (char) => PLAIN[char] ?? char)
      // Old readers know ASCII alone.
      .replace(
        /[^\x00-\x7f]/gu,
        (char) => `\\[u${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`,
      )
  );
}

/** Characters that would be set as their typographic cousins, which nobody can paste into a shell. */
const PLAIN: Readonly<Record<string, string>> = {
  "'": '\\(aq',
  '`': '\\(ga',
  '^': '\\(ha',
  '~': '\\(ti',
};

/** A section heading. */
export const section = (title: string): string => `.SH ${roff(title.toUpperCase())}`;

/** A heading within a section. */
const subsection = (title: string): string => `.SS ${roff(title)}`;

/** A tagged paragraph: a term in bold, and what it is. */
const tagged = (term: string, about: string): string => `.TP\n\\fB${roff(term)}\\fR\n${roff(about) || '\\&'}`;

/** Lines that are set as they are. */
const verbatim = (lines: readonly string[]): string =>
  `.PP\n.nf\n${lines.map((line) => roff(line) || '\\&').join('\n')}\n.fi`;

export const paragraph = (text: string): string => `.PP\n${roff(text)}`;

/** Another page: `ebill-watch(1)`. */
export const reference = (name: string, number: 1 | 7): string => `\\fB${roff(name)}\\fR(${number})`;

/** The line a page begins with. @param number 1 for commands, 7 for topics */
export const title = (name: string, number: 1 | 7, program: string): string =>
  `.TH "${roff(name.toUpperCase())}" "${number}" "" "${roff(program)}" "ebill"\n.ad l`;
