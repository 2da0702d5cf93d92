import { visible } from './visible.ts';

/** A secret in every form it may come back in: plain, in a URL, a form, JSON, XML, HTML, base64, or as a terminal is shown it. */
export function formsOf(secret: string): readonly string[] {
  // Half a surrogate pair cannot travel in a URL.
  const whole = secret.replace(/\p{Cs}/gu, '\ufffd');
  const percent = encodeURIComponent(whole);
  // RFC 3986 reserves five more characters than JavaScript does.
  const strict = percent.replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
  const json = JSON.stringify(secret).slice(1, -1);
  const xml = secret.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const base64 = Buffer.from(whole).toString('base64').replace(/=+$/, '');
  const forms = [
    secret,
    ...[percent, strict, new URLSearchParams([['', whole]]).toString().slice(1)].flatMap((url) => [
      url,
      url.replace(/%[0-9A-F]{2}/g, (hex) => hex.toLowerCase()),
    ]),
    json,
    json.replaceAll('/', '\\/'),
    // JSON within JSON, as logs of answers are.
    JSON.stringify(json).slice(1, -1),
    json.replace(
      /[^\u0000-\u007e]|[&<>']/g,
      (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
    ),
    xml,
    xml.replaceAll('"', '&quot;').replaceAll("'", '&apos;'),
    xml.replaceAll('"', '&#34;').replaceAll("'", '&#39;'),
    xml.replaceAll('"', '&quot;').replaceAll("'", '&#x27;'),
    base64,
    base64.replaceAll('+', '-').replaceAll('/', '_'),
    visible(secret),
    // Messages are put on one line before they are shown.
    secret.replace(/\s+/gu, ' ').trim(),
  ];
  return [...new Set(forms)].filter((form) => form.length >= 4);
}
