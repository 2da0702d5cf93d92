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

/** The JSON document of commands rule 23. The list of commands may be damaged: the name is taken from the first words. */
export function failureDocument(argv: readonly string[], { message, hint }: Failure): string {
  const [command = ''] = /^(?:(?:upload|profile|loads) )?[a-z]+/.exec(argv.join(' ')) ?? [];
  const document = {
    command,
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
