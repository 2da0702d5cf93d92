/** An error that ends the program with exit code 1, as users see it. */
export interface Failure {
  readonly message: string;
  readonly hint: string;
}

/** Here and in bin/ebill.js, which has to work when nothing else does. */
export const DAMAGED: Failure = {
  message: 'ebill cannot start: a file of its installation is missing or damaged.',
  hint: 'Install ebill again.',
};

export function failureText({ message, hint }: Failure): string {
  return `error: ${message}\n  → ${hint}\n`;
}

/** The names of all commands and groups, one word a line: the list of commands may be damaged. Also in bin/ebill.js. */
export const COMMAND_NAME =
  /^(?:upload\n(?:customer|invoice|items)|profile\n(?:add|set|list|show|use|remove)|loads\n(?:show|export|import)|init|upload|validate|finalize|status|watch|results|correct|run|report|loads|profile|doctor|api|completion|sandbox|demo)$/m;

/** Takes the next word as its value, or may do so. Also in bin/ebill.js. */
export const VALUED = /^--(?!(?:json|quiet|verbose|show-urls|dry-run|yes)$)[^=]+$/;

/** The JSON document of commands rule 23. */
export function failureDocument(argv: readonly string[], { message, hint }: Failure): string {
  const words = argv.filter((word, i) => !word.startsWith('-') && !VALUED.test(argv[i - 1] ?? ''));
  const [command = 'ebill'] = COMMAND_NAME.exec(words.join('\n')) ?? [];
  const document = {
    command: command.replace('\n', ' '),
    profile: null,
    job: null,
    outcome: null,
    exitCode: 1,
    batches: [],
    error: { code: 'INTERNAL', message, hint },
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

/** Does a command line that has not been parsed ask for JSON? */
export function wantsJson(argv: readonly string[]): boolean {
  return argv.some(
    (word, i) =>
      word === '--json' || word === '--format=json' || (word === 'json' && argv[i - 1] === '--format'),
  );
}
