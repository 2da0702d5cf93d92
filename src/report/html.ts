import { escapeUTF8 } from 'entities';
import { visible } from '../system/escaping.ts';

/** Markup, which is not escaped again. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Part = Html | string | number | null | readonly Part[];

/** Markup with every part escaped that is not markup: the only way text gets onto the page. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(
    strings.map((string, i) => string + (i < parts.length ? textOf(parts[i] ?? null) : '')).join(''),
  );
}

function textOf(part: Part): string {
  if (part === null) return '';
  if (part instanceof Html) return part.text;
  if (typeof part === 'object') return part.map(textOf).join('');
  return escaped(String(part));
}

/** Control and bidi characters are shown as numbers: nothing may reorder what an auditor reads. */
const escaped = (text: string): string => escapeUTF8(visible(text));
