import { fileURLToPath } from 'node:url';

export const EBILL = fileURLToPath(new URL('../../bin/ebill.js', import.meta.url));

/** The program with its events as its output: they are what is measured, and its one result says nothing more. */
export const withEvents = (...args) => [
  ...['sh', '-c', '"$@" --progress json 2>&1 >/dev/null', 'sh'],
  ...[process.execPath, EBILL, ...args],
];

/** @returns its events of a name, in order */
export const eventsOf = (text, name) =>
  text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line))
    .filter(({ event }) => event === name);

/** The ends of its uploads. @throws when there are not `count` good ones */
export function uploadsOf(text, count) {
  const ends = eventsOf(text, 'upload.end');
  if (ends.length !== count || ends.some(({ ok }) => !ok)) throw new Error(`not all was uploaded: ${text}`);
  return ends;
}
