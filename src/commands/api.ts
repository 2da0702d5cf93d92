import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { endpointOf } from '../api/connection.ts';
import { errorMessageFrom } from '../api/error-message.ts';
import { TransportError } from '../api/net/transport-error.ts';
import type { Call } from '../api/request.ts';
import { refusal, unavailable } from '../api/result.ts';
import { isRetryable } from '../api/retry.ts';
import { EbillError, messageOf } from '../errors.ts';
import { requestsText } from '../output/print-result.ts';
import { isCi } from '../output/runners.ts';
import { interruptionCode, isInterruption } from '../system/context.ts';
import { visible, withoutCommands } from '../system/escaping.ts';
import { type App, type CommandModule, type CommandResult, EMPTY_RESULT } from './shared/command.ts';
import { confirmProduction } from './shared/confirm.ts';
import { textFlag } from './shared/options.ts';
import { type Session, withSession } from './shared/session.ts';

export interface ApiOptions {
  readonly method: Call['method'];
  readonly path: string;
  /** A file, or `-` for standard input. */
  readonly input: string | null;
}

/** Bytes; real calls have a few hundred. */
const MAX_INPUT = 10 * 1024 * 1024;

export const command: CommandModule<ApiOptions> = {
  help: {
    examples: [
      [
        "ebill api GET '/rest/batchProcess?jobId=AUG_2020_INV'",
        'print the status of a batch as the server sent it',
      ],
      ["ebill api POST '/rest/batchProcess?mode=BatchInit' --input init.xml", 'send a body from a file'],
      [
        "ebill api PUT '/rest/batchProcess?mode=BatchFinalize' --input - < finalize.xml",
        'send a body from standard input',
      ],
    ],
    exitCodes: [5, 6, 9],
    seeAlso: ['status', 'help security'],
  },
  configure: (cmd) => {
    cmd
      .description(
        'Make one authorised API call, without retries, and print the answer. The signatures of presigned URLs are hidden unless --show-urls is given.',
      )
      .argument('<method>', 'GET, POST or PUT')
      .argument('<path>', "path below the base URL, such as '/rest/batchProcess?id=3'")
      .option('--input <file>', 'file with the request body, - for standard input');
  },
  options: (args, flags) => {
    const method = String(args[0]).toUpperCase();
    if (method !== 'GET' && method !== 'POST' && method !== 'PUT') {
      throw new EbillError('USAGE', `"${visible(method)}" is not a method of the API.`, {
        hint: 'Use GET, POST or PUT.',
      });
    }
    const input = textFlag(flags, 'input');
    if (method === 'GET' && input !== null)
      throw new EbillError('USAGE', 'A GET request has no body.', {
        hint: 'Omit --input, or use POST or PUT.',
      });
    return { method, path: String(args[1]), input };
  },
  run: (app, options) =>
    withSession(app, async (session) => {
      if (options.method !== 'GET')
        await confirmProduction(app, session.connection, `${options.method} ${options.path}`);
      const url = urlOf(session, options.path);
      const call: Call = {
        method: options.method,
        url,
        body: options.input === null ? null : await readInput(app, options.input),
      };
      const answer = { ...EMPTY_RESULT, profile: session.connection.profile };
      if (app.globals.dryRun) return { ...answer, requests: [call], text: requestsText([call], app.ui) };
      return { ...answer, ...(await send(app, session, call)) };
    }),
};

// Nothing is recorded of a raw call: sent again, it may take effect twice (api rule 15).
const CHECK_FIRST = 'The server may have received it: check the batch before sending it again.';
const NOT_FOUND = 'Check the path and the ids in it, and the base URL: ebill profile show';
const TRY_AGAIN = 'Try again later, or show this to the operator of the eBill server.';

const withHint = ({ code, message }: EbillError, hint: string): EbillError =>
  new EbillError(code, message, { hint });

async function send(
  app: App,
  session: Session,
  call: Call,
): Promise<Pick<CommandResult, 'error' | 'text' | 'extra'>> {
  const what = `${call.method} ${app.redactor.hide(call.url)}`;
  const changes = call.method !== 'GET';
  try {
    const reply = await session.client.raw(call);
    app.redactor.addSigned(reply.body);
    const ok = reply.status >= 200 && reply.status < 300;
    const message = errorMessageFrom(reply.safe);
    const refused = ok
      ? null
      : isRetryable(reply.status)
        ? unavailable(what, `HTTP ${reply.status} ${message}`.trim(), changes ? CHECK_FIRST : TRY_AGAIN)
        : refusal(what, reply.status, message, reply.credentialsHint ?? null);
    const shown = app.globals.showUrls ? reply.body : app.redactor.clean(reply.body);
    // Line breaks stay; everything else that a terminal or a CI runner would act on is escaped.
    const defused = isCi(app.context.env) ? withoutCommands : (line: string) => line;
    const text = shown
      .split('\n')
      .map((line) => defused(visible(line.replace(/\r$/, ''))))
      .join('\n')
      .trimEnd();
    return {
      error: reply.status === 404 && refused !== null ? withHint(refused, NOT_FOUND) : refused,
      text,
      extra: {
        response: { status: reply.status, contentType: app.redactor.clean(reply.contentType), body: shown },
      },
    };
  } catch (error) {
    const { signal } = app.context;
    if (changes && isInterruption(error, signal))
      throw new EbillError('INTERRUPTED', `Interrupted (${signal.reason}): ${what}.`, {
        hint: CHECK_FIRST,
        exitCode: interruptionCode(signal),
      });
    if (!(error instanceof TransportError)) throw error;
    const hint =
      changes && error.kind !== 'unsent'
        ? CHECK_FIRST
        : 'Check the network and the base URL, then try again.';
    throw new EbillError('UNAVAILABLE', `${what}: ${error.message}.`, { hint, cause: error });
  }
}

/** Only below the base URL, so that the credentials are sent nowhere else. */
function urlOf(session: Session, path: string): string {
  const base = endpointOf(session.connection.baseUrl).replace(/\/rest\/batchProcess$/, '');
  if (path.startsWith('/') && !path.startsWith('//') && !/[\s\u0000-\u001f]/.test(path))
    return `${base}${path}`;
  throw new EbillError('USAGE', `"${visible(path)}" is not a path below ${base}.`, {
    hint: "Start the path with a single /, as in '/rest/batchProcess?id=3'.",
  });
}

async function readInput(app: App, input: string): Promise<string> {
  try {
    const chunks: Buffer[] = [];
    let size = 0;
    const source =
      input === '-' ? app.context.stdin : (await open(resolve(app.context.cwd, input))).createReadStream();
    for await (const chunk of source) {
      const part = Buffer.from(chunk);
      size += part.length;
      if (size > MAX_INPUT) throw new Error(`it is larger than ${MAX_INPUT} bytes`);
      chunks.push(part);
    }
    if (size === 0 && input === '-') throw new Error('it is empty');
    return Buffer.concat(chunks).toString('utf8');
  } catch (cause) {
    throw new EbillError(
      'USAGE',
      `--input: cannot read the body from ${input === '-' ? 'standard input (-)' : visible(input)}: ${messageOf(cause)}.`,
      {
        hint: 'Nothing was sent. Give a readable file, or pipe the body in and give -. For a call without a body leave --input out.',
        cause,
      },
    );
  }
}
