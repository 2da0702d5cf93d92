import type { ShownRequest } from './json.ts';
import type { Theme } from './theme.ts';

/** The requests that `--dry-run` shows: one line each, and the body under it. Not wrapped, so that they can be compared. */
export function requestsText(requests: readonly ShownRequest[], theme: Theme): string {
  const { colors, clean } = theme;
  if (requests.length === 0) return 'No requests.';
  return requests
    .map(({ method, url, body }) => {
      const head = `${colors.bold(clean(method))} ${clean(url)}`;
      if (body === null || body === '') return head;
      const lines = body.split(/\r?\n/).map((line) => `  ${clean(line.replaceAll('\t', '  '))}`.trimEnd());
      return [head, ...lines].join('\n').trimEnd();
    })
    .join('\n\n');
}
