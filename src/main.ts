import { readFileSync } from 'node:fs';
import { type Context, systemContext } from './system/context.ts';

export { systemContext };

/**
 * Starts the program with the real process. The exit code is set, not forced: what is written still gets out.
 * @param version where it is known without a package around the program
 */
export async function start(version?: string): Promise<void> {
  const context = systemContext();
  let code: number | null = null;
  let crash: { readonly thrown: unknown } | null = null;
  const end = async (): Promise<never> => {
    // One that ended the run was told of there, with 1. Any other came from what should have been over, or never began.
    if (crash !== null && code !== 1) await lastWords(crash.thrown, context);
    // What it came from may still hold the process.
    process.exit(1);
  };
  context.crash.catch((thrown: unknown) => {
    crash = { thrown };
    if (code !== null) void end();
  });
  try {
    code = await main(process.argv.slice(2), context, version);
    process.exitCode = code;
  } catch (thrown) {
    crash = { thrown };
  }
  if (crash !== null) await end();
}

/** Of a crash outside of any run: the same log, the same words, and never a raw trace. */
async function lastWords(thrown: unknown, context: Context): Promise<void> {
  try {
    const { reportLateCrash } = await import('./system/crash-log.ts');
    await reportLateCrash(thrown, context);
  } catch {
    context.stderr.write('error: ebill cannot run: its files are damaged.\n  → Install it again.\n');
  }
}

/**
 * argv → command → result → output → exit code (cli.md, "Output").
 * @param argv without the interpreter and the script
 */
export async function main(
  argv: readonly string[],
  context: Context,
  version: string = packageVersion(),
): Promise<number> {
  // The one answer that needs nothing but itself (performance.md, "Start-up").
  if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-V')) {
    context.stdout.write(`${version}\n`);
    return 0;
  }
  const { runProgram } = await import('./program.ts');
  return runProgram(argv, context, version);
}

function packageVersion(): string {
  const file = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return String((JSON.parse(file) as { version: unknown }).version);
}
