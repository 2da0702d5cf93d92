import { Argument } from 'commander';
import { EbillError } from '../errors.ts';
import type { CommandModule, CommandResult } from './command.ts';
import { SHELLS, type Shell } from './completions/shells.ts';

export interface CompletionOptions {
  /** `null`: candidates are asked for, by the script. */
  readonly shell: Shell | null;
  /** The words typed so far, the last one being typed. */
  readonly words: readonly string[];
}

const RESULT: CommandResult = { profile: null, job: null, outcome: null, batches: [], error: null, text: '' };

/** `ebill completion SHELL` prints a script; the script asks `ebill completion complete -- WORDS` what fits. */
export const command: CommandModule<CompletionOptions> = {
  help: {
    notes: [
      'The script asks the program itself what fits: commands, options, profiles, loads, topics; file names are left to the shell. Put it where the shell reads it at its start:',
      `  bash        ebill completion bash > ~/.local/share/bash-completion/completions/ebill
  zsh         ebill completion zsh > "\${fpath[1]}/_ebill"
  fish        ebill completion fish > ~/.config/fish/completions/ebill.fish
  PowerShell  ebill completion powershell >> $PROFILE`,
    ],
    examples: [
      ['ebill completion bash', 'the script for bash 3.2 and newer'],
      ['ebill completion zsh', 'for zsh'],
      ['ebill completion fish', 'for fish'],
    ],
    exitCodes: [],
    seeAlso: ['help environment'],
  },
  configure: (cmd) => {
    cmd
      .description('Print a script that completes commands, options, profiles and loads as you type.')
      .addArgument(new Argument('<shell>', `one of ${SHELLS.join(', ')}`))
      .addArgument(new Argument('[words...]', 'for the script itself'));
  },
  options: ([shell, ...words]) => {
    if (shell === 'complete') return { shell: null, words: words.map(String) };
    const known = SHELLS.find((one) => one === shell);
    if (known !== undefined) return { shell: known, words: [] };
    throw new EbillError('USAGE', 'There is no completion for that shell.', {
      hint: `Name one of ${SHELLS.join(', ')}: ebill completion bash`,
    });
  },
  run: async (app, { shell, words }) => {
    if (shell !== null) {
      const { SCRIPTS } = await import('./completions/scripts.ts');
      return { ...RESULT, text: SCRIPTS[shell].trimEnd() };
    }
    const { candidates } = await import('./completions/candidates.ts');
    const { files, list } = await candidates(app.context, words);
    const lines = list.map(({ value, about }) => `${value}\t${about}`);
    return { ...RESULT, text: [files ? 'files' : 'words', ...lines].join('\n') };
  },
};
