/** The proxy opened no tunnel: it is not there, or (`status`) it said no. */
export class ProxyError extends Error {
  readonly status: number | null;
  constructor(status: number | null, message: string, cause?: unknown) {
    super(message, { cause });
    this.status = status;
  }
}
