/** The URL that a text is; `null` when it is none. */
export function parseUrl(text: string, base?: string): URL | null {
  try {
    return new URL(text, base);
  } catch {
    return null;
  }
}

/** `URL.canParse` of Node 20 refuses `https://bücher.example` once V8 has optimised the call. */
export const isUrl = (text: string, base?: string): boolean => parseUrl(text, base) !== null;
