import type { OutputStream } from '../system/context.ts';

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** Some pseudo terminals say 0 × 0; then the usual size. */
export function sizeOf(stream: OutputStream): Size {
  const rows = 'rows' in stream && typeof stream.rows === 'number' ? stream.rows : 0;
  return { columns: stream.columns || 80, rows: rows || 24 };
}
