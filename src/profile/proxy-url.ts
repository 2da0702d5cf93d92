import { displayProxy } from '../api/net/proxy.ts';
import { EbillError } from '../errors.ts';

/** Is this the URL of an http or https proxy? Userinfo is allowed here: a file edited by hand may hold it. */
export function isProxyUrl(text: string): boolean {
  return /^https?:\/\/[^\s\u0000-\u001f\u007f\\?#]+$/iu.test(text) && URL.canParse(text);
}

/**
 * A proxy given on the command line.
 *
 * @returns the text as given
 * @throws EbillError `USAGE` when it is no http(s) URL, or has a password in it: secrets never come from an
 * argument (cli.md, `profile`)
 */
export function parseProxy(text: string): string {
  if (text.includes('@')) {
    throw new EbillError('USAGE', `--proxy: ${displayProxy(text)} has a username or password in it.`, {
      hint: 'Give a proxy that needs one in the environment, as HTTPS_PROXY.',
    });
  }
  if (isProxyUrl(text)) return text;
  throw new EbillError('USAGE', `--proxy: ${displayProxy(text.slice(0, 200))} is no http or https URL.`, {
    hint: 'A proxy looks like http://proxy.example.com:3128.',
  });
}
