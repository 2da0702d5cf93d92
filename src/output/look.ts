import { visible } from '../system/escaping.ts';
import { type Paint, plainPaint } from './paint.ts';
import { type Symbols, unicodeSymbols } from './symbols.ts';

/** What a text needs to know of the place where it will be shown. A `Ui` is one (stdout), `ui.err` another (stderr). */
export interface Look {
  /** Columns; `Infinity` where nothing is cut (a pipe). */
  readonly width: number;
  readonly paint: Paint;
  readonly symbols: Symbols;
  /** Text from outside made fit to show: secrets hidden, control characters visible (cli.md, promise 4). */
  clean(text: string): string;
}

/** A pipe's look, or any part of it changed. */
export function lookOf(parts: Partial<Look> = {}): Look {
  return { width: Infinity, paint: plainPaint, symbols: unicodeSymbols, clean: visible, ...parts };
}
