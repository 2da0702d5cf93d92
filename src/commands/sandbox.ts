import {
  FAULT_GRAMMAR,
  type SandboxFlags,
  type SandboxOptions,
  sandboxOptions,
  startSandbox,
} from '../sandbox/index.ts';
import { isInterruption } from '../system/context.ts';
import { assignment } from '../system/quoting.ts';
import type { CommandModule, CommandResult } from './shared/command.ts';
import { collect } from './shared/options.ts';

const RESULT: CommandResult = { profile: null, job: null, outcome: null, batches: [], error: null, text: '' };

export const command: CommandModule<SandboxOptions> = {
  help: {
    notes: [
      'It prints the environment that points ebill at it, and runs until it is interrupted. It is no place for real data.',
      `A fault (--fault) is\n${FAULT_GRAMMAR}`,
    ],
    examples: [
      ['ebill sandbox', 'on ports 8480 and 8481, until Ctrl-C'],
      [
        'ebill sandbox --port 9000 --data ./sandbox --processing-time 10s',
        'kept across restarts, and slower',
      ],
      [
        'ebill sandbox --fault create@1=reset-after --fault put@2=slowdown',
        'lose an answer, and refuse an upload',
      ],
    ],
    exitCodes: [],
    seeAlso: ['demo', 'profile add'],
  },
  configure: (cmd) => {
    cmd
      .description('Run a local eBill server, with its S3 side on a second port, to rehearse against.')
      .option('--port <n>', 'API port', '8480')
      .option('--s3-port <n>', 'S3 port (default: the next one)')
      .option('--host <address>', 'interface to listen on', '127.0.0.1')
      .option('--allow-remote', 'allow a --host beyond this machine')
      .option('--public-s3-url <url>', 'origin of the S3 side as clients reach it, if it is another')
      .option('--data <dir>', 'keep batches and files there, across restarts')
      .optionsGroup('How it behaves:')
      .option('--processing-time <duration>', 'from finalize to final', '3s')
      .option('--latency <duration>', 'before every answer', '0s')
      .option('--bandwidth <rate>', 'bytes a second for each upload, such as 20M')
      .option(
        '--style <style>',
        "how & in URLs is written: escaped, or bare as in the vendor's examples",
        'escaped',
      )
      .option('--duplicates <what>', 'a job id used again: refuse, or reissue the upload URL', 'refuse')
      .option(
        '--echo <what>',
        'what answers to uploads show: request, or vendor (always Customer)',
        'request',
      )
      .optionsGroup('Authorisation:')
      .option('--auth <way>', 'none, basic, bearer or header:NAME', 'bearer')
      .option('--username <name>', 'for basic (default: sandbox)')
      .option('--password <password>', 'for basic (default: sandbox-password); no real secret')
      .option('--token <token>', 'for bearer and header (default: sandbox-token); no real secret')
      .optionsGroup('How it behaves:')
      .option('--url-expiry <duration>', 'life of an upload URL', '3599s')
      .option('--running-name <name>', 'what the running state is called', 'InProgress')
      .option('--fault <spec>', 'a scripted fault; may be repeated', collect)
      .optionsGroup('Options:')
      .option('--log <file>', 'write each request as a JSON line');
  },
  options: (_args, flags) => sandboxOptions(flags as SandboxFlags),
  run: async (app, options) => {
    const { context } = app;
    const sandbox = await startSandbox(options);
    try {
      const { apiUrl, s3Url, data, environment } = sandbox;
      const lines = Object.entries(environment).map(([name, value]) => assignment(name, value, context));
      // Printed at once, not at the end: whoever started it waits for these lines.
      await app.publish({ ...RESULT, text: lines.join('\n'), extra: { apiUrl, s3Url, data, environment } });
      app.ui.note(`eBill sandbox: API ${apiUrl}, S3 ${s3Url}, data in ${data}`);
      const where = context.platform === 'win32' ? ' (in cmd: set NAME=value, without quotes)' : '';
      app.ui.note(
        `Set the lines above in another terminal${where}, then: ebill init --job AUG_2020. Ctrl-C stops it.`,
      );
      await untilInterrupted(context.signal);
    } finally {
      await sandbox.close();
    }
    // To be stopped is how it ends: no failure.
    return { ...RESULT, printed: true };
  },
};

function untilInterrupted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (isInterruption(signal.reason, signal)) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
