import { visible } from '../system/escaping.ts';

/** Names XML and HTML have for characters. */
const ENTITIES: Readonly<Record<string, string>> = {
  '&': 'amp',
  '<': 'lt',
  '>': 'gt',
  '"': 'quot',
  "'": 'apos',
};

const literally = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
const hex = (number: number): string =>
  number.toString(16).replace(/[a-f]/g, (letter) => `[${letter}${letter.toUpperCase()}]`);

/** A character as it is, or as a URL, a form, JSON (also within JSON), XML or HTML may write it. */
function inAnyForm(char: string): string {
  if (/[A-Za-z0-9]/.test(char)) return char;
  const code = char.codePointAt(0) ?? 0;
  const units = [...Array(char.length).keys()].map((i) => char.charCodeAt(i));
  const bytes = [...Buffer.from(char)];
  const forms = [
    `\\\\{0,7}${literally(char)}`,
    bytes.map((byte) => `%(?:25)?${hex(byte).padStart(2, '0')}`).join(''),
    units.map((unit) => `\\\\{1,3}u0{0,3}${hex(unit)}`).join(''),
    `&(?:amp;)?#(?:0{0,4}${code}|[xX]0{0,4}${hex(code)});`,
  ];
  if (ENTITIES[char] !== undefined) forms.push(`&(?:amp;)?${ENTITIES[char]};`);
  if (char === ' ') forms.push('\\+');
  // As the shell is to be given it.
  if (char === "'") forms.push(`'\\\\''`);
  return `(?:${forms.join('|')})`;
}

/** The source of a pattern for a secret in any form it may come back in, forms mixed too. */
export function patternOf(secret: string): string {
  // Messages are put on one line before they are shown: a run of blanks may come back as one.
  const parts = secret.split(/(\s+)/u).map((part) => {
    const exact = [...part].map(inAnyForm).join('');
    return /^\s/u.test(part) ? `(?:${exact}|\\s{1,9})` : exact;
  });
  return [parts.join(''), ...encodings(secret).map(literally)].join('|');
}

/** Base64 of it, for headers and URLs, without padding; and the secret as a terminal is shown it. */
function encodings(secret: string): readonly string[] {
  const base64 = Buffer.from(secret).toString('base64').replace(/=+$/, '');
  const shown = visible(secret);
  return [
    ...new Set([
      base64,
      base64.replaceAll('+', '-').replaceAll('/', '_'),
      ...(shown === secret ? [] : [shown]),
    ]),
  ].filter((form) => form.length >= 4);
}

/** The usual forms, letter by letter: for telling a secret by its beginning. */
export function formsOf(secret: string): readonly string[] {
  const json = JSON.stringify(secret).slice(1, -1);
  const xml = secret.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return [
    ...new Set([
      secret,
      encodeURIComponent(secret.replace(/\p{Cs}/gu, '\ufffd')),
      json,
      xml,
      ...encodings(secret),
    ]),
  ].filter((form) => form.length >= 4);
}
