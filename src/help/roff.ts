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
export const subsection = (title: string): string => `.SS ${roff(title)}`;

/** A tagged paragraph: a term in bold, and what it is. */
export const tagged = (term: string, about: string): string =>
  `.TP\n\\fB${roff(term)}\\fR\n${roff(about) || '\\&'}`;

/** Lines that are set as they are. */
export const verbatim = (lines: readonly string[]): string =>
  `.PP\n.nf\n${lines.map((line) => roff(line) || '\\&').join('\n')}\n.fi`;

export const paragraph = (text: string): string => `.PP\n${roff(text)}`;

/** Another page: `ebill-watch(1)`. */
export const reference = (name: string, number: 1 | 7): string => `\\fB${roff(name)}\\fR(${number})`;

/** The line a page begins with. @param number 1 for commands, 7 for topics */
export const title = (name: string, number: 1 | 7, program: string): string =>
  `.TH "${roff(name.toUpperCase())}" "${number}" "" "${roff(program)}" "ebill"\n.ad l`;
