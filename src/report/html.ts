import { escapeUTF8 } from 'entities';
import { visible } from '../system/escaping.ts';

/** Text that is markup already. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Part = Html | string | number | null | readonly Part[];

/** Markup with everything that is put into it escaped, unless it is markup itself: the one way text gets onto the page. */
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

/** Controls and bidi marks are shown by their numbers: nothing may reorder what an auditor reads. */
const escaped = (text: string): string => escapeUTF8(visible(text));
