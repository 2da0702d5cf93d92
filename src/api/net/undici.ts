// Of undici only what a request takes: the whole package loads mocks, caches and its own `fetch` besides, which costs
// four times as long and 9 MB (performance.md, "Start-up"). Named, so that a dynamic import of this file gives them by name.
import { setFlagsFromString } from 'node:v8';
import request from 'undici/lib/api/api-request.js';
import buildConnector from 'undici/lib/core/connect.js';
import Agent from 'undici/lib/dispatcher/agent.js';
import Dispatcher from 'undici/lib/dispatcher/dispatcher.js';

// As undici's own index does it. Ways to a server, proxies among them, are `connector.ts`.
Object.assign(Dispatcher.prototype, { request });

export { Agent, buildConnector };

/** More than any run of the program spends (in V8's unit, about a byte of code run). */
const NEVER = 1_000_000_000;

/** The major versions of Node whose V8 is known to know the flag: it complains aloud of one it does not know. */
const KNOWING = /^v2[0-4]\./;

/**
 * Keeps V8 from compiling undici's parser twice. WebAssembly's optimising compiler is set on it after a few answers, an
 * upload's among them, for a parser that sees small answers: 36 MB in Node 20, which does not exit before it has ended
 * (70 ms), 7 to 15 MB in Node 22 and 24. To be called before the first connection.
 * @param nodeVersion `v20.18.1`
 */
export function compileParserOnce(nodeVersion: string): void {
  if (KNOWING.test(nodeVersion)) setFlagsFromString(`--wasm-tiering-budget=${NEVER}`);
}
