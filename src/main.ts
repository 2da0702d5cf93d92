import { readFileSync } from 'node:fs';
import { EbillError, errnoOf } from './errors.ts';
import { type Context, systemContext } from './system/context.ts';
import { DAMAGED, type Failure, failureDocument, failureText, wantsJson } from './system/startup-failure.ts';

export { systemContext };

/**
 * Starts the program with the real process. The exit code is set, not forced, so that pending output is still written.
 * @param version when there is no package.json to read it from
 */
export async function start(version?: string): Promise<void> {
  const argv = process.argv.slice(2);
  const context = systemContext();
  let code: number | null = null;
  // Fail unless the program reaches its end.
  process.exitCode = 1;
  process.once('beforeExit', () => {
    if (code === null) void reportFailure(new Error('the program stopped before its end'), argv, context);
  });
  try {
    code = await main(argv, context, version);
  } catch (thrown) {
    await reportFailure(thrown, argv, context);
    code = 1;
  }
  process.exitCode = code;
  try {
    await context.crash;
  } catch (thrown) {
    // With exit code 1 the run has reported it; a reader that closed the pipe is no crash.
    if (code !== 1 && errnoOf(thrown) !== 'EPIPE') {
      const failure = await explain(thrown, context);
      context.stderr.write(failureText(failure));
    }
    // Pending work may still keep the process alive.
    process.exit(1);
  }
}

/**
 * argv → command → result → output → exit code (commands rule 26).
 * @param argv without the interpreter and the script
 */
export async function main(
  argv: readonly string[],
  context: Context,
  version: string = packageVersion(),
): Promise<number> {
  // Needs no other module, so that it answers at once.
  if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-V')) {
    context.stdout.write(`${version}\n`);
    return 0;
  }
  const { runProgram } = await import('./program.ts');
  return runProgram(argv, context, version);
}

function packageVersion(): string {
  try {
    const file = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
    return String((JSON.parse(file) as { version: unknown }).version);
  } catch (cause) {
    throw new EbillError('INTERNAL', DAMAGED.message, { hint: DAMAGED.hint, cause });
  }
}

/** Reports what no `runProgram` was there to report. */
async function reportFailure(thrown: unknown, argv: readonly string[], context: Context): Promise<void> {
  const failure = await explain(thrown, context);
  context.stderr.write(failureText(failure));
  if (wantsJson(argv)) context.stdout.write(failureDocument(argv, failure));
}

async function explain(thrown: unknown, context: Context): Promise<Failure> {
  if (thrown instanceof EbillError) return thrown;
  try {
    const { explainCrash } = await import('./system/crash-log.ts');
    return await explainCrash(thrown, context);
  } catch {
    return DAMAGED;
  }
}
