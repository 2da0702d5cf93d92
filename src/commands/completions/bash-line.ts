/** A bash command line up to the cursor, as its words mean it. */
export interface BashLine {
  /** The words before the one being typed, quotes taken away. */
  readonly before: readonly string[];
  /** The word being typed, the same. */
  readonly typed: string;
  /** The quote that is open at its end. */
  readonly quote: '"' | "'" | null;
  /** How many characters of `typed` stand before the part that bash replaces. */
  readonly kept: number;
  /** There is something in the word for bash to expand (`$HOME`, a backquote): what it comes to is not ours to say. */
  readonly expands: boolean;
}

/**
 * Reads a line as bash does: quotes and backslashes, nothing expanded, nothing run. What bash replaces begins after the
 * open quote, else after the last unquoted word break (`=`, `:` …) of the word.
 * @param breaks `COMP_WORDBREAKS`
 */
export function readBashLine(line: string, breaks: string): BashLine {
  const words: string[] = [];
  let word = '';
  let begun = false;
  let quote: '"' | "'" | null = null;
  let afterBreak = 0;
  let afterQuote = 0;
  let expands = false;
  for (let i = 0; i < line.length; i += 1) {
    const char = line[i] ?? '';
    if (quote === null && /[\s;|&()<>]/.test(char)) {
      if (begun) words.push(word);
      word = '';
      begun = false;
      afterBreak = 0;
      expands = false;
      continue;
    }
    begun = true;
    if (quote === null ? char === '"' || char === "'" : char === quote) {
      quote = quote === null ? (char as '"' | "'") : null;
      afterQuote = word.length;
      continue;
    }
    const next = line[i + 1] ?? '';
    if (char === '\\' && quote !== "'" && (quote === null || (next !== '' && '"\\$`'.includes(next)))) {
      word += next;
      i += 1;
      continue;
    }
    expands ||= quote !== "'" && '$`'.includes(char);
    word += char;
    if (quote === null && breaks.includes(char)) afterBreak = word.length;
  }
  return { before: words, typed: word, quote, kept: quote === null ? afterBreak : afterQuote, expands };
}

/**
 * A value as the rest of a word in bash: nothing in it is special any more.
 * @param quote the one that is open around it; bash closes it
 */
export function quotedForBash(text: string, quote: '"' | "'" | null): string {
  if (quote === "'") return text.replaceAll("'", "'\\''");
  // Within double quotes a backslash does not keep ! from the history.
  if (quote === '"') return text.replace(/["\\$`]/g, '\\$&').replaceAll('!', `"'!'"`);
  return text.replace(/[^\p{L}\p{M}\p{N}_@%+=:,./-]/gu, '\\$&').replace(/^(?=~)/, '\\');
}
