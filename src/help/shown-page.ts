import { createPaint } from '../output/paint.ts';
import type { HelpPage } from './page.ts';
import { pageText } from './text.ts';

/**
 * A page of help as it is printed, with a newline at its end.
 * @param columns of the terminal
 * @param color may headings be bold?
 */
export async function shownPage(page: HelpPage, columns: number, color: boolean): Promise<string> {
  return pageText(page, { width: columns, paint: await createPaint(color) });
}
