import {
  FAULT_GRAMMAR,
  type SandboxFlags,
  type SandboxOptions,
  sandboxOptions,
  startSandbox,
  WORLD_LIST,
} from '../sandbox/index.ts';
import { isInterruption } from '../system/context.ts';
import { assignment } from '../system/escaping.ts';
import { type CommandModule, EMPTY_RESULT } from './shared/command.ts';
import { collect } from './shared/options.ts';

export const command: CommandModule<SandboxOptions> = {
  help: {
    notes: [
      'It prints the environment variables that make ebill use it, and runs until Ctrl-C. Do not use it for real data.',
      `A --world makes the server behave like servers met in practice; several can be combined:\n${WORLD_LIST}`,
      `Syntax of --fault:\n${FAULT_GRAMMAR}`,
    ],
    examples: [
      ['ebill sandbox', 'use ports 8480 and 8481'],
      [
        'ebill sandbox --port 9000 --data ./sandbox --processing-time 10s',
        'keep its data across restarts, and process slowly',
      ],
      ['ebill sandbox --world slow-init --world read-lag', 'answer like a slow server behind a gateway'],
      [
        'ebill sandbox --fault create@1=reset-after --fault put@2=slowdown',
        'lose an answer and refuse an upload',
      ],
    ],
    exitCodes: [],
    seeAlso: ['demo', 'profile add'],
  },
  configure: (cmd) => {
    // No default of the parser: it would win over a world's.
    const choice = (flags: string, description: string, values: readonly [string, ...string[]]): void => {
      cmd.addOption(cmd.createOption(flags, `${description} (default: ${values[0]})`).choices([...values]));
    };
    cmd
      .description('Run a local eBill server for practice, with its S3 storage on a second port.')
      .option('--port <n>', 'API port', '8480')
      .option('--s3-port <n>', 'S3 port (default: the next one)')
      .option('--host <address>', 'interface to listen on', '127.0.0.1')
      .option('--allow-remote', 'allow a --host that other machines can reach')
      .option('--public-s3-url <url>', 'origin under which clients reach the S3 storage, if different')
      .option('--data <dir>', 'keep batches and files in this folder across restarts')
      .option('--log <file>', 'write each request as a line of JSON')
      .optionsGroup('Behaviour:')
      .option('--processing-time <duration>', 'time from finalize until a batch is final', '3s')
      .option('--latency <duration>', 'delay before every answer', '0s')
      .option('--bandwidth <rate>', 'bytes per second for each upload, such as 20M');
    choice('--style <style>', "how & is written in URLs; bare as in the vendor's examples", [
      'escaped',
      'bare',
    ]);
    choice('--duplicates <what>', 'what happens to a job id used again', [
      'refuse',
      'conflict',
      'reissue',
      'another',
    ]);
    choice('--echo <what>', "subOperation in answers to uploads; the vendor's is always Customer", [
      'request',
      'vendor',
    ]);
    cmd.option('--url-expiry <duration>', 'lifetime of an upload URL', '3599s');
    choice('--download-urls <what>', 'download URLs are signed once, when a batch ends, or in each answer', [
      'fixed',
      'fresh',
    ]);
    cmd
      .option('--download-life <duration>', 'lifetime of a download URL (default: 25140s, 6 h 59 min)')
      .option('--running-name <name>', 'name of the running status', 'InProgress')
      .option('--draft-name <name>', 'name of the status before finalize (default: Draft)')
      .option('--world <name>', 'behave like a server met in practice (repeatable)', collect)
      .option('--fault <spec>', 'a scripted fault (repeatable)', collect)
      .optionsGroup('Authorisation:')
      .option('--auth <kind>', 'how clients authorise: none, basic, bearer or header:NAME', 'bearer')
      .option('--username <name>', 'username for basic (default: sandbox)')
      .option('--password <password>', 'password for basic; not a real secret (default: sandbox-password)')
      .option('--token <token>', 'token for bearer and header; not a real secret (default: sandbox-token)')
      .optionsGroup('Options:');
  },
  options: (_args, flags) => sandboxOptions(flags as SandboxFlags),
  run: async (app, options) => {
    const { context } = app;
    const sandbox = await startSandbox(options);
    try {
      const { apiUrl, s3Url, data, environment } = sandbox;
      const lines = Object.entries(environment).map(([name, value]) => assignment(name, value, context));
      // Printed now, because the user needs these lines while the sandbox runs.
      await app.publish({
        ...EMPTY_RESULT,
        text: lines.join('\n'),
        extra: { apiUrl, s3Url, data, environment },
      });
      app.ui.note(`eBill sandbox: API ${apiUrl}, S3 ${s3Url}, data in ${data}`);
      const where = context.platform === 'win32' ? ' (in cmd: set NAME=value, without quotes)' : '';
      app.ui.note(
        `Run the lines above in another terminal${where}. Press Ctrl-C to stop the sandbox. Then, with a name for the load: ebill init --job NAME`,
      );
      await untilInterrupted(context.signal);
    } finally {
      await sandbox.close();
    }
    // Ctrl-C is the normal end, not a failure.
    return { ...EMPTY_RESULT, printed: true };
  },
};

function untilInterrupted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (isInterruption(signal.reason, signal)) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
