import { fileURLToPath } from 'node:url';

/** The built program. */
export const EBILL = fileURLToPath(new URL('../../bin/ebill.js', import.meta.url));

export const ebill = (...args: readonly string[]): string[] => [process.execPath, EBILL, ...args];

/** The program with its progress events as output, in place of its result. */
export const withEvents = (...args: readonly string[]): string[] => [
  ...['sh', '-c', '"$@" --progress json 2>&1 >/dev/null', 'sh'],
  ...ebill(...args),
];

interface Event {
  readonly event: string;
  readonly time: string;
  readonly [field: string]: unknown;
}
interface UploadEnd extends Event {
  readonly file: string;
  readonly ms: number;
  readonly ok: boolean;
}

/** The events of a name, in order. */
export const eventsOf = (text: string, name: string): Event[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Event)
    .filter(({ event }) => event === name);

/** The ends of uploads. @throws unless there are `count`, all successful */
export function uploadsOf(text: string, count: number): UploadEnd[] {
  const ends = eventsOf(text, 'upload.end') as UploadEnd[];
  if (ends.length !== count || ends.some(({ ok }) => !ok)) throw new Error(`an upload failed: ${text}`);
  return ends;
}
