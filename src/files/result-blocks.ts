const COMMA = ',';
const DELIMITERS = [';', '\t', '|'];

/**
 * The blocks of a result file as comma-separated UTF-8, whatever the server wrote: UTF-16 with a byte order mark is decoded, and other
 * delimiters become commas, recognised by a header that has no comma. Records keep their lines. A usual file passes unchanged.
 */
export async function* commaSeparated(blocks: AsyncGenerator<Buffer, void>): AsyncGenerator<Buffer, void> {
  let rewrite: Rewriter | null = null;
  let started = false;
  for await (const block of blocks) {
    if (!started) {
      started = true;
      rewrite = rewriterFor(block);
    }
    if (rewrite === null) yield block;
    else {
      const text = rewrite.add(block);
      if (text !== '') yield Buffer.from(text);
    }
  }
  const rest = rewrite?.end() ?? '';
  if (rest !== '') yield Buffer.from(rest);
}

interface Rewriter {
  add(block: Buffer): string;
  end(): string;
}

function rewriterFor(first: Buffer): Rewriter | null {
  const encoding = utf16(first);
  const decoder = new TextDecoder(encoding ?? 'utf-8');
  // A copy: the buffers are shared memory, which not every decoder takes.
  const delimiter = delimiterOf(new TextDecoder(encoding ?? 'utf-8').decode(Buffer.from(first)));
  if (encoding === null && delimiter === COMMA) return null;
  const fields = delimiter === COMMA ? null : new FieldRewriter(delimiter);
  return {
    add: (block) => {
      const text = decoder.decode(Buffer.from(block), { stream: true });
      return fields === null ? text : fields.add(text);
    },
    end: () => {
      const text = decoder.decode();
      return fields === null ? text : fields.add(text) + fields.end();
    },
  };
}

function utf16(start: Buffer): 'utf-16le' | 'utf-16be' | null {
  if (start[0] === 0xff && start[1] === 0xfe) return 'utf-16le';
  return start[0] === 0xfe && start[1] === 0xff ? 'utf-16be' : null;
}

/** By the first line, without what is quoted. */
function delimiterOf(text: string): string {
  const header = (/^(?:"[^"]*"|[^"\r\n])*/u.exec(text.trimStart())?.[0] ?? '').replace(/"[^"]*"/gu, '');
  if (header.includes(COMMA)) return COMMA;
  return DELIMITERS.find((delimiter) => header.includes(delimiter)) ?? COMMA;
}

/** Replaces a delimiter by commas, and quotes fields that have one. */
class FieldRewriter {
  readonly #delimiter: string;
  /** The field that has begun. */
  #field = '';
  #quoted = false;

  constructor(delimiter: string) {
    this.#delimiter = delimiter;
  }

  add(text: string): string {
    let out = '';
    for (const character of text) {
      const ends =
        !this.#quoted && (character === this.#delimiter || character === '\n' || character === '\r');
      if (ends) {
        out += this.end() + (character === this.#delimiter ? COMMA : character);
        continue;
      }
      // A quote inside a field that does not begin with one is text.
      if (character === '"' && (this.#field === '' || this.#field.startsWith('"')))
        this.#quoted = !this.#quoted;
      this.#field += character;
    }
    return out;
  }

  end(): string {
    const field = this.#field;
    this.#field = '';
    this.#quoted = false;
    if (field.startsWith('"') || !/[",]/.test(field)) return field;
    return `"${field.replaceAll('"', '""')}"`;
  }
}
