#!/usr/bin/env node
try {
  require('../dist/main.js').start();
} catch {
  // Without dist/main.js: the same words and document as src/system/startup-failure.ts.
  const argv = process.argv.slice(2);
  const valued = /^--(?!(?:json|quiet|verbose|show-urls|dry-run|yes)$)[^=]+$/;
  const words = argv.filter((word, i) => !word.startsWith('-') && !valued.test(argv[i - 1] ?? ''));
  const names =
    /^(?:upload\n(?:customer|invoice|items)|profile\n(?:add|set|list|show|use|remove)|loads\n(?:show|export|import)|init|upload|validate|finalize|status|watch|results|correct|run|report|loads|profile|doctor|api|completion|sandbox|demo)$/m;
  const command = (names.exec(words.join('\n'))?.[0] ?? 'ebill').replace('\n', ' ');
  const message = 'ebill cannot start: a file of its installation is missing or damaged.';
  const error = { code: 'INTERNAL', message, hint: 'Install ebill again.' };
  const document = { command, profile: null, job: null, outcome: null, exitCode: 1, batches: [], error };
  process.exitCode = 1;
  process.stderr.write(`error: ${message}\n  → ${error.hint}\n`);
  if (/(?:^| )--(?:json|format[= ]json)(?: |$)/.test(argv.join(' ')))
    process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
}
