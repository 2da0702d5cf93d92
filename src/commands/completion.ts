import { Argument } from 'commander';
import { EbillError } from '../errors.ts';
import { SHELLS, type Shell } from './completions/shells.ts';
import type { CommandModule, CommandResult } from './shared/command.ts';

/** The script of a shell, or what that script asks for while somebody types. */
export type CompletionOptions =
  | { readonly type: 'script'; readonly shell: Shell }
  /** `words`: as the shell's script passes them on (completions/scripts.ts). */
  | { readonly type: 'ask'; readonly shell: Shell; readonly words: readonly string[] };

const RESULT: CommandResult = { profile: null, job: null, outcome: null, batches: [], error: null, text: '' };

/** `ebill completion SHELL` prints a script; the script asks `ebill completion complete SHELL -- …` what fits. */
export const command: CommandModule<CompletionOptions> = {
  help: {
    notes: [
      `The script asks the program itself what fits: commands, options with their values, profiles, loads, topics; file names are left to the shell. Once is enough, for it need not be renewed with the program:
bash        ebill completion bash >> ~/.bashrc
zsh         ebill completion zsh >> ~/.zshrc
fish        ebill completion fish > ~/.config/fish/completions/ebill.fish
PowerShell  ebill completion powershell >> $PROFILE`,
      `In zsh it has to come after compinit. For one session alone:
eval "$(ebill completion bash)"
ebill completion fish | source`,
    ],
    examples: [
      ['ebill completion bash >> ~/.bashrc', 'from the next bash on; 3.2 and newer'],
      ['ebill completion zsh >> ~/.zshrc', 'the same for zsh'],
      ['ebill completion fish', 'print the script for fish'],
    ],
    exitCodes: [],
    seeAlso: ['loads', 'profile list', 'help environment'],
  },
  configure: (cmd) => {
    cmd
      .description('Print a script that completes commands, options, profiles and loads as you type.')
      .addArgument(new Argument('<shell>', `one of ${SHELLS.join(', ')}`))
      .addArgument(new Argument('[words...]'));
  },
  options: ([shell, ...words]) => {
    const asked = shell === 'complete';
    const known = SHELLS.find((one) => one === (asked ? words[0] : shell));
    if (known !== undefined && asked) return { type: 'ask', shell: known, words: words.slice(1).map(String) };
    if (known !== undefined) return { type: 'script', shell: known };
    throw new EbillError('USAGE', 'There is no completion for that shell.', {
      hint: `Name one of ${SHELLS.join(', ')}: ebill completion bash`,
    });
  },
  run: async (app, options) => {
    if (options.type === 'script') {
      const { SCRIPTS } = await import('./completions/scripts.ts');
      return { ...RESULT, text: SCRIPTS[options.shell].trimEnd() };
    }
    const { reply } = await import('./completions/reply.ts');
    return { ...RESULT, text: (await reply(options.shell, options.words, app.context)).join('\n') };
  },
};
