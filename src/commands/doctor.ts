import { createClient } from '../api/client.ts';
import { endpointOf } from '../api/endpoint.ts';
import { openTransport } from '../api/transport.ts';
import { EbillError } from '../errors.ts';
import { hang } from '../output/fit.ts';
import { counted } from '../output/human.ts';
import type { Color } from '../output/paint.ts';
import { createProgress } from '../output/progress.ts';
import type { Symbols } from '../output/symbols.ts';
import type { App, CommandModule, CommandResult } from './command.ts';
import { type Check, ok, type State, skipped } from './doctor/check.ts';
import { journals, nodeVersion, permissions, space } from './doctor/machine.ts';
import { answerAndClock, certificate, goesByProxy, nameLookUp } from './doctor/network.ts';
import { authorisation, noSetUp, setUp } from './doctor/set-up.ts';
import { connect } from './session.ts';

/** ms a single check may take at most. */
const LIMIT_MS = 10_000;

/** `ebill doctor`: is all there that a load needs? */
export const command: CommandModule<Record<string, never>> = {
  help: {
    notes: [
      'Checks Node, the set-up, permissions, journals, free space, the name look-up, TLS, the connection, the clocks and the authorisation. Nothing is changed, here or on the server. Ends with 0 when there is no problem (warnings aside), else as its first problem would: 2 for this machine, 5 for the authorisation, 6 for the network.',
    ],
    examples: [
      ['ebill doctor', 'the profile in use'],
      ['ebill doctor --profile prod', 'another one, before load day'],
      ['ebill doctor --json', 'for a script: checks is a list'],
    ],
    exitCodes: [5, 6, 9],
    seeAlso: ['profile show', 'help security', 'help environment'],
  },
  configure: (cmd) => {
    cmd.description('Check the set-up, the network and the authorisation, and say what to do.');
  },
  options: () => ({}),
  run: async (app) => {
    const checks: Check[] = [];
    const progress = createProgress(app.ui, app.context);
    progress.listener({ event: 'wait.start', message: 'checking' });
    try {
      for await (const check of allChecks(app)) checks.push(check);
    } finally {
      progress.stop();
    }
    return resultOf(app, checks);
  },
};

async function* allChecks(app: App): AsyncGenerator<Check> {
  const { context, ui } = app;
  yield nodeVersion(context.nodeVersion);
  yield ok(
    'Terminal',
    `progress ${ui.progress}, ${ui.interactive ? 'questions are asked' : 'no questions are asked'}`,
  );
  yield await permissions(context);
  yield await journals(context);
  yield await space(context);
  const connection = await connect(app).catch((error: unknown) => {
    if (error instanceof EbillError) return error;
    throw error;
  });
  if (connection instanceof EbillError) {
    yield noSetUp(connection);
    for (const name of ['Name', 'TLS', 'Connection', 'Clock', 'Authorisation'])
      yield skipped(name, 'nothing says which server');
    return;
  }
  yield* serverChecks(app, connection.connection);
}

async function* serverChecks(
  app: App,
  connection: Awaited<ReturnType<typeof connect>>['connection'],
): AsyncGenerator<Check> {
  const { context } = app;
  yield setUp(connection);
  const url = new URL(endpointOf(connection.baseUrl));
  const proxied = connection.proxy !== null || goesByProxy(url, context.env);
  const name = await nameLookUp(url.hostname, proxied);
  yield name;
  const limitMs = Math.min(LIMIT_MS, app.globals.timeoutMs);
  const lost = name.state === 'problem';
  if (lost) yield skipped('TLS', 'the name is not found');
  else if (url.protocol === 'http:') yield skipped('TLS', 'the base URL is plain http');
  else if (proxied) yield skipped('TLS', 'through a proxy; the connection is checked next');
  else yield await certificate(context, connection, url, limitMs);
  if (lost) {
    for (const left of ['Connection', 'Clock', 'Authorisation']) yield skipped(left, 'the name is not found');
    return;
  }
  const transport = await openTransport(context, connection, limitMs);
  try {
    const answer = await answerAndClock(context, transport, connection);
    yield* answer;
    if (answer.some(({ name, state }) => name === 'Connection' && state !== 'ok'))
      yield skipped('Authorisation', 'the server did not answer');
    else {
      const { userAgent } = app;
      yield await authorisation(
        createClient({ context, connection, transport, retries: 0, userAgent, onRetry: () => undefined }),
      );
    }
  } finally {
    await transport.close();
  }
}

const LOOK: Readonly<Record<State, { readonly sign: keyof Symbols; readonly color: Color }>> = {
  ok: { sign: 'done', color: 'green' },
  warning: { sign: 'warning', color: 'yellow' },
  problem: { sign: 'failed', color: 'red' },
  skipped: { sign: 'skipped', color: 'gray' },
};

function resultOf({ ui }: App, checks: readonly Check[]): CommandResult {
  const { paint, symbols, clean, width } = ui;
  const lines = checks.flatMap(({ name, state, message, hint }) => {
    const { sign, color } = LOOK[state];
    const word = state === 'ok' ? '' : `${state}: `;
    const lead = `${paint[color](String(symbols[sign]))} ${name.padEnd(14)} `;
    return [
      hang(lead, clean(`${word}${message}`), width, 4),
      ...(hint === '' ? [] : [hang(`    ${paint.cyan('→')} `, clean(hint), width)]),
    ];
  });
  const problems = checks.filter(({ state }) => state === 'problem');
  const warnings = checks.filter(({ state }) => state === 'warning');
  const [first] = problems;
  const error =
    first === undefined
      ? null
      : new EbillError(
          first.code ?? 'USAGE',
          `${counted(problems.length, 'problem', 'problems')}: ${problems.map(({ name }) => name).join(', ')}.`,
          {
            hint: first.hint === '' ? 'See above.' : first.hint,
          },
        );
  const verdict =
    first === undefined
      ? [
          warnings.length === 0
            ? 'All is well.'
            : `No problem, ${counted(warnings.length, 'warning', 'warnings')}.`,
        ]
      : [];
  return {
    profile: null,
    job: null,
    outcome: null,
    batches: [],
    error,
    extra: { checks: checks.map(({ name, state, message, hint }) => ({ name, state, message, hint })) },
    text: [...lines, ...(verdict.length === 0 ? [] : ['', ...verdict])].join('\n'),
  };
}
