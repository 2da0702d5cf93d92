/** The words of a printed command line, without `ebill`, as a POSIX shell would take them apart. */
export function typed(command: string): readonly string[] {
  const words: string[] = [];
  for (const [word] of command.matchAll(/(?:[^\s'"\\]|'[^']*'|"[^"]*"|\\.)+/g))
    words.push(
      word.replace(/'([^']*)'|"([^"]*)"|\\(.)/g, (_all, single, double, other) => single ?? double ?? other),
    );
  return words[0] === 'ebill' ? words.slice(1) : words;
}
