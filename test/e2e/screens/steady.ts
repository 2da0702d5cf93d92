/** The same text in every run: what differs is replaced by something as long, so that nothing moves. */
export function steady(text: string, random: readonly (readonly [string, string])[]): string {
  const known = random.reduce((all, [from, to]) => {
    if (from === '' || from.length !== to.length) return all;
    // Where a line is short it may be broken anywhere in it.
    const apart = from
      .split('')
      .map((char) => char.replace(/[^\w]/g, '\\$&'))
      .join('((?:\\n *)?)');
    return all.replace(new RegExp(apart, 'g'), (_, ...breaks: string[]) =>
      to
        .split('')
        .map((char, i) => char + (i < to.length - 1 ? (breaks[i] ?? '') : ''))
        .join(''),
    );
  }, text);
  return (
    known
      // A spinner turns by the real clock.
      .replace(/[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]/g, '⠋')
      // How much room this machine has.
      .replace(/(Free space)[^✔✖!·]*/, '$1     (as much as there is)\n')
  );
}
