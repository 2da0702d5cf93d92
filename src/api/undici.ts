// Of undici only what a request takes: the whole package loads mocks, caches and its own `fetch` besides, which costs
// four times as long and 9 MB (performance.md, "Start-up"). Named, so that a dynamic import of this file gives them by name.
import connect from 'undici/lib/api/api-connect.js';
import request from 'undici/lib/api/api-request.js';
import Agent from 'undici/lib/dispatcher/agent.js';
import Dispatcher from 'undici/lib/dispatcher/dispatcher.js';
import EnvHttpProxyAgent from 'undici/lib/dispatcher/env-http-proxy-agent.js';
import ProxyAgent from 'undici/lib/dispatcher/proxy-agent.js';

// As undici's own index does it; `connect` is how it asks a proxy for a tunnel.
Object.assign(Dispatcher.prototype, { connect, request });

export { Agent, EnvHttpProxyAgent, ProxyAgent };
