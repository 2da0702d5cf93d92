import { textWidth } from './text-width.ts';

/** As many whole parts as fit, from the first: half a number misleads. Empty ones are left out. */
export function partsWithin(parts: readonly string[], width: number, between = ', '): string {
  let text = '';
  for (const part of parts.filter((one) => one !== '')) {
    const longer = text === '' ? part : text + between + part;
    if (textWidth(longer) > width) break;
    text = longer;
  }
  return text;
}
