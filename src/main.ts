import { readFileSync } from 'node:fs';
import type { Context } from './context.ts';
import { systemContext } from './context.ts';

export { systemContext };

/** Starts the program with the real process. The exit code is set, not forced: what is written still gets out. */
export async function start(): Promise<void> {
  process.exitCode = await main(process.argv.slice(2), systemContext());
}

/**
 * argv → command → result → output → exit code (cli.md, "Output").
 * @param argv without the interpreter and the script
 */
export async function main(argv: readonly string[], context: Context): Promise<number> {
  // The one answer that needs nothing but itself (performance.md, "Start-up").
  if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-V')) {
    context.stdout.write(`${version()}\n`);
    return 0;
  }
  const { runProgram } = await import('./program.ts');
  return runProgram(argv, context, version());
}

function version(): string {
  const file = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return String((JSON.parse(file) as { version: unknown }).version);
}
