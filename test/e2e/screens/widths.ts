import type xterm from '@xterm/headless';
import stringWidth from 'string-width';

const widths = new Map<number, 0 | 1 | 2>();

function widthOf(codePoint: number): 0 | 1 | 2 {
  let width = widths.get(codePoint);
  if (width === undefined) {
    width = Math.min(2, stringWidth(String.fromCodePoint(codePoint))) as 0 | 1 | 2;
    widths.set(codePoint, width);
  }
  return width;
}

/**
 * Today's widths, code point by code point: what most terminals do. The emulator's own are those of Unicode 6, for which
 * emoji were narrow. The packed number is the emulator's: the width from bit 1 on, bit 0 joins the cell before.
 */
export const TODAY: xterm.IUnicodeVersionProvider = {
  version: 'today',
  wcwidth: widthOf,
  charProperties: (codePoint, preceding) => {
    const width = widthOf(codePoint);
    const before = (preceding >> 1) & 3;
    const joins = width === 0 && before > 0;
    return ((joins ? before : width) << 1) | (joins ? 1 : 0);
  },
};
