export const COLORS = ['bold', 'dim', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'gray'] as const;
export type Color = (typeof COLORS)[number];

/** The few colours the program uses. `plainPaint` costs nothing. */
export type Paint = { readonly [Name in Color]: (text: string) => string };

const same = (text: string): string => text;

/** No colour: every text comes back as it went in. */
export const plainPaint: Paint = {
  bold: same,
  dim: same,
  red: same,
  green: same,
  yellow: same,
  blue: same,
  magenta: same,
  cyan: same,
  gray: same,
};

/** Chalk is loaded only where colour is wanted: its import costs 13 to 18 ms (performance.md, "Start-up"). */
export async function createPaint(color: boolean): Promise<Paint> {
  if (!color) return plainPaint;
  const { Chalk } = await import('chalk');
  // The sixteen colours of the user's own theme, not chalk's own guess from the real process's environment.
  const chalk = new Chalk({ level: 1 });
  // Chalk joins all it is handed: as a callback of `map` it would print the index too.
  const paints = COLORS.map((name) => [name, (text: string): string => chalk[name](text)] as const);
  return Object.fromEntries(paints) as Paint;
}
