import { Composer, type CST, type Document, Lexer, Parser } from 'yaml';

/** Levels of the parser's stack. A plan that says something has seven at most. */
const DEEPEST = 40;

/** A text as YAML: its first document, or where (UTF-16 offset) it is nested too deeply to look further. */
export type Composed =
  | {
      readonly document: Document.Parsed;
      /** Where another document begins. */
      readonly second: number | null;
    }
  | { readonly tooDeep: number };

/**
 * Composes a YAML 1.2 text. Pure. The depth is held while the text is cut into tokens, which takes no recursion; the
 * composer does recurse, and a stack that runs full in it can end the whole process, not only throw.
 */
export function composeYaml(text: string): Composed {
  const parser = new Parser();
  const tokens: CST.Token[] = [];
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) tokens.push(token);
    if (parser.stack.length > DEEPEST) return { tooDeep: parser.offset - lexeme.length };
  }
  for (const token of parser.end()) tokens.push(token);
  // Keys are held against each other elsewhere: here it would take quadratic time.
  const composer = new Composer({
    version: '1.2',
    schema: 'core',
    merge: false,
    resolveKnownTags: false,
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'error',
  });
  const documents = composer.compose(tokens, true, text.length);
  const first = documents.next();
  // With `forceDoc` there is always one.
  if (first.done === true) throw new TypeError('The YAML composer gave no document.');
  const next = documents.next();
  return {
    document: first.value as Document.Parsed,
    second: next.done === true ? null : next.value.range[0],
  };
}
