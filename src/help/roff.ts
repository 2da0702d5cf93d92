/** Text as a man page takes it: no dash becomes a hyphen, no line a request. */
export function roff(text: string): string {
  return (
    text
      .replace(/\\/g, '\\e')
      .replace(/-/g, '\\-')
      .replace(/^(?=[.'])/gm, '\\&')
      // Old readers know ASCII alone.
      .replace(
        /[^\x00-\x7f]/gu,
        (char) => `\\[u${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`,
      )
  );
}

/** A section heading. */
export const section = (title: string): string => `.SH ${roff(title.toUpperCase())}`;

/** A tagged paragraph: a term in bold, and what it is. */
export const tagged = (term: string, about: string): string => `.TP\n\\fB${roff(term)}\\fR\n${roff(about)}`;

/** Lines that are set as they are. */
export const verbatim = (text: string): string => `.PP\n.nf\n${roff(text)}\n.fi`;

export const paragraph = (text: string): string => `.PP\n${roff(text)}`;

/** The line a page begins with. @param section 1 for commands, 7 for topics */
export const title = (name: string, number: 1 | 7, program: string): string =>
  `.TH "${roff(name.toUpperCase())}" "${number}" "" "${roff(program)}" "ebill"\n.ad l`;
