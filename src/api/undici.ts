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

/**
 * Keeps V8 from compiling undici's parser twice. Node 20 sets WebAssembly's optimising compiler on it after a few answers,
 * an upload's among them, and does not exit before that has ended: 36 MB and 70 ms for a parser that sees small answers.
 * Node 22 and later do not wait for it; V8 complains aloud of a flag it does not know, so they are left alone.
 * To be called before the first connection. @param nodeVersion `v20.18.1`
 */
export function compileParserOnce(nodeVersion: string): void {
  if (/^v20\./.test(nodeVersion)) setFlagsFromString(`--wasm-tiering-budget=${NEVER}`);
}
