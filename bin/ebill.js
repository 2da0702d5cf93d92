#!/usr/bin/env node
try {
  require('../dist/main.js').start();
} catch {
  // Without dist/main.js: the same words and document as src/system/startup-failure.ts.
  const words = process.argv.slice(2).join(' ');
  const [command = ''] = /^(?:(?:upload|profile|loads) )?[a-z]+/.exec(words) ?? [];
  const message = 'ebill cannot start: a file of its installation is missing or damaged.';
  const error = { code: 'INTERNAL', message, hint: 'Install ebill again.' };
  const document = { command, profile: null, job: null, outcome: null, exitCode: 1, batches: [], error };
  process.exitCode = 1;
  process.stderr.write(`error: ${message}\n  → ${error.hint}\n`);
  if (/(?:^| )--(?:json|format[= ]json)(?: |$)/.test(words))
    process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
}
