import { plainTheme } from '../../src/output/theme.ts';
import { hintText } from '../../src/output/ui.ts';
import { parseArgv } from '../../src/parse.ts';
import { typed } from '../helpers/command-line.ts';

/** Columns of the terminals on which every hint is read. */
const WIDTHS = [40, 80, 200] as const;

/** What was checked, by the hint. */
const checked = new Map<string, Promise<readonly string[]>>();

/**
 * What is wrong with the commands of a hint, or of a next step: each stands on a line of its own, whole at any width, and the
 * parser takes it as it is printed. What an operator fills in is an upper-case word.
 */
export function wrongIn(hint: string): Promise<readonly string[]> {
  const known = checked.get(hint) ?? check(hint);
  checked.set(hint, known);
  return known;
}

const linesAt = (hint: string, width: number): readonly string[] =>
  hintText(hint, plainTheme({ width }))
    .split('\n')
    .map((line) => line.replace(/^[\s→]*/, ''));

async function check(hint: string): Promise<readonly string[]> {
  const wrong: string[] = [];
  const wide = linesAt(hint, 1_000_000);
  const commands = wide.filter(
    (line, i) => /^ebill\b/.test(line) && (i === 0 || /:$|^ebill\b/.test(wide[i - 1] ?? '')),
  );
  for (const width of WIDTHS) {
    const lines = linesAt(hint, width);
    for (const command of commands)
      if (!lines.includes(command)) wrong.push(`broken at ${width} columns: ${command}`);
  }
  const prose = wide.filter((line) => !commands.includes(line)).join('\n');
  for (const [mention] of prose.matchAll(/\bebill [a-z]+(?: [a-z]+)? --[a-z-]+ \S+/g))
    wrong.push(`within a sentence: ${mention}`);
  for (const command of commands) {
    const words = typed(command).map((word) =>
      word
        .replace(/…/g, 'x')
        // The program takes neither for what it stands for.
        .replace(/^(?:NAME|TEXT)$/, 'filled-in')
        .replace(/=PHASE$/, '=queued'),
    );
    await parseArgv([...words], '0.0.0', 80).catch((error: unknown) => wrong.push(`${command}: ${error}`));
  }
  return wrong;
}
