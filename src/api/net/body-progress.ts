import type { Dispatcher } from 'undici';

/** Bytes a second. A body that brings less is not coming; a slow line brings more. */
const SLOWEST = 50;

export interface BodyLimits {
  /** ms. The body has to bring something in each such span. */
  readonly spanMs: number;
  /** ms from the headers to the end; `null`: as long as it brings something. */
  readonly wholeMs: number | null;
}

/**
 * Breaks off a response whose body drips: undici's own limit begins again with every byte. What the reader holds up is not
 * counted.
 */
export function watchBody(
  handler: Dispatcher.DispatchHandler,
  { spanMs, wholeMs }: BodyLimits,
): Dispatcher.DispatchHandler {
  let timer: NodeJS.Timeout | undefined;
  let bytes = 0;
  const start = handler.onResponseStart;
  const data = handler.onResponseData;
  const end = handler.onResponseEnd;
  const failed = handler.onResponseError;
  handler.onResponseStart = (controller, ...rest) => {
    const began = performance.now();
    clearInterval(timer);
    bytes = 0;
    timer = setInterval(() => {
      const late = wholeMs !== null && performance.now() - began >= wholeMs;
      if (late || (!controller.paused && bytes < (SLOWEST * spanMs) / 1000)) {
        clearInterval(timer);
        controller.abort(
          Object.assign(new Error('the response is sent too slowly'), { code: 'UND_ERR_BODY_TIMEOUT' }),
        );
      }
      bytes = 0;
    }, spanMs).unref();
    start?.call(handler, controller, ...rest);
  };
  handler.onResponseData = (controller, chunk) => {
    bytes += chunk.length;
    data?.call(handler, controller, chunk);
  };
  handler.onResponseEnd = (...args) => {
    clearInterval(timer);
    end?.apply(handler, args);
  };
  handler.onResponseError = (...args) => {
    clearInterval(timer);
    failed?.apply(handler, args);
  };
  return handler;
}
