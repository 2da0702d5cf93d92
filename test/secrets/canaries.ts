import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/**
 * Secrets with a core that no way of writing changes: whatever form one comes out in, the core is seen. Around it stands
 * what makes forms differ in URLs, XML, HTML and JSON.
 */
export const TOKEN = `tok&<"'>\\/+=%41-c4n4ryT0K3N9f8e7d`;
export const PASSWORD = `pä ss&<"'>\\/+=%41-c4n4ryP4SS7d6c`;
export const USERNAME = 'clerk';
export const HEADER_VALUE = 'sess&<">/+=-c4n4ryH34D3R5b4a';
export const QUERY_VALUE = `q&<"'>/+=-c4n4ryQU3RY3f2e`;
export const PROXY_PASSWORD = 'pr0x&+=-c4n4ryPR0XY1a2b';
export const SIGNATURE = 'c4a4a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e';
export const SECURITY_TOKEN = 'FwoGZXIvYXdzc4n4ryS3SS10Nxyz';

const base64 = (text: string): string => Buffer.from(text).toString('base64').replace(/=+$/, '');

/** What may be seen nowhere. */
const NEEDLES: Readonly<Record<string, string>> = {
  'a core': 'c4n4ry',
  'the signature': SIGNATURE.slice(0, 24),
  'the token in base64': base64(TOKEN).slice(6, -6),
  'the password in base64': base64(PASSWORD).slice(6, -6),
  'the credentials of basic': base64(`${USERNAME}:${PASSWORD}`).slice(6, -6),
  'the credentials of the proxy': base64(`${USERNAME}:${PROXY_PASSWORD}`).slice(6, -6),
};

/** Which secrets are in a text; none, if all is well. */
export function seenIn(text: string): string[] {
  return Object.entries(NEEDLES)
    .filter(([, needle]) => text.toLowerCase().includes(needle.toLowerCase()))
    .map(([name, needle]) => {
      const at = text.toLowerCase().indexOf(needle.toLowerCase());
      return `${name}: ${text.slice(Math.max(0, at - 60), at + 60)}`;
    });
}

/** Which files under a folder hold a secret. @param but paths, from the folder, that are there to hold one */
export function filesWith(folder: string, but: RegExp = /(?!)/): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !but.test(relative(folder, path)))
    .flatMap((path) => {
      const seen = [...seenIn(path), ...seenIn(readFileSync(path, 'utf8'))];
      return seen.map((one) => `${relative(folder, path)}: ${one}`);
    });
}
