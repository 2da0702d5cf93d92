import { wrap } from '../output/fit.ts';
import type { Topic } from './topics.ts';

/** A topic set to a width; what begins with two spaces is a list or an example and keeps its lines. */
export async function topicText({ paragraphs }: Topic, columns: number): Promise<string> {
  const width = Math.max(30, columns);
  const set = (await paragraphs()).map((text) =>
    text.startsWith('  ') ? listed(text, width) : wrap(text, width).join('\n'),
  );
  // Entries of a list stand close together.
  return `${set.map((text, i) => (i === 0 ? text : `${isEntry(text) && isEntry(set[i - 1] ?? '') ? '\n' : '\n\n'}${text}`)).join('')}\n`;
}

const isEntry = (text: string): boolean => /^ {2}\S/.test(text) && /\n {6}\S/.test(text);

function listed(text: string, width: number): string {
  const [head = '', ...rest] = text.split('\n');
  const about = rest.join('\n');
  if (!/^ {6}\S/.test(about)) return text;
  return [head, ...wrap(about.trim(), width - 6).map((line) => `      ${line}`)].join('\n');
}
