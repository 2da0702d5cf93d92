// Only the parts of undici that a request needs. The whole package also loads mocks, caches and its own `fetch`, which
// takes four times as long and 9 MB.
import { setFlagsFromString } from 'node:v8';
import request from 'undici/lib/api/api-request.js';
import buildConnector from 'undici/lib/core/connect.js';
import Agent from 'undici/lib/dispatcher/agent.js';
import Dispatcher from 'undici/lib/dispatcher/dispatcher.js';

// As undici's own index.js does.
Object.assign(Dispatcher.prototype, { request });

export { Agent, buildConnector };

/** More than any run uses up (V8's unit is about one byte of executed code). */
const NEVER = 1_000_000_000;

/** Versions of Node whose V8 has the flag. V8 prints an error for a flag it does not know. */
const HAS_FLAG = /^v2[0-4]\./;

/**
 * Keeps V8 from compiling undici's WebAssembly parser a second time, optimised, after a few responses. The parser sees
 * only small responses here, and the compilation costs 36 MB and 70 ms at exit in Node 20, 7 to 15 MB in Node 22 and 24.
 * Call it before the first connection.
 * @param nodeVersion such as `v20.18.1`
 */
export function compileParserOnce(nodeVersion: string): void {
  if (HAS_FLAG.test(nodeVersion)) setFlagsFromString(`--wasm-tiering-budget=${NEVER}`);
}
