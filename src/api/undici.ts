// Named exports of a CommonJS package, so that a dynamic import of this file gives them by name.
export { Agent, EnvHttpProxyAgent, errors, ProxyAgent } from 'undici';
