import { type Answer, apiErrorAnswer, htmlAnswer, type S3Error, s3ErrorAnswer } from './answer.ts';
import type { FaultAction } from './faults.ts';
import type { Settings } from './options.ts';
import type { Side } from './state.ts';
import type { Element } from './xml.ts';

/** How an answer is sent: whole, its first `bytes` before the connection closes, a reset, or never. */
export type Delivery =
  | { readonly how: 'send'; readonly answer: Answer }
  | { readonly how: 'cut'; readonly answer: Answer; readonly bytes: number }
  | { readonly how: 'reset' }
  | { readonly how: 'hang' };

const INTERNAL_ERROR: S3Error = {
  status: 500,
  code: 'InternalError',
  message: 'We encountered an internal error. Please try again.',
};
const SLOW_DOWN: S3Error = { status: 503, code: 'SlowDown', message: 'Please reduce your request rate.' };
/** S3's answer to an upload that stops arriving. */
export const REQUEST_TIMEOUT: S3Error = {
  status: 400,
  code: 'RequestTimeout',
  message:
    'Your socket connection to the server was not read from or written to within the timeout period. Idle connections will be closed.',
};

/** S3's error codes by HTTP status. */
const S3_CODES: Readonly<Record<number, [code: string, message: string]>> = {
  400: ['InvalidRequest', 'Invalid Request'],
  403: ['AccessDenied', 'Access Denied'],
  404: ['NoSuchKey', 'The specified key does not exist.'],
  500: [INTERNAL_ERROR.code, INTERNAL_ERROR.message],
  503: ['ServiceUnavailable', 'Service is unable to handle request.'],
};

/** What a fault does instead of executing the request; `null` when the request is executed. */
export function faultResponse(action: FaultAction, side: Side, requestId: string): Delivery | null {
  switch (action.type) {
    case 'reset-before':
      return { how: 'reset' };
    case 'hang':
      return { how: 'hang' };
    case 'html-before':
      return send(htmlAnswer(502, 'Bad Gateway'));
    case 'status':
      return action.after ? null : send(statusAnswer(action.status, action.retryAfter, side, requestId));
    case 'redirect': {
      const body = Buffer.from('');
      return send({ status: 307, headers: { location: action.url }, body });
    }
    case 'page':
      return send(htmlAnswer(200, 'Please sign in'));
    case 'error-body':
      return send({ ...s3ErrorAnswer(INTERNAL_ERROR, requestId), status: 200 });
    case 'early':
      return send({ status: 200, headers: {}, body: Buffer.alloc(0) });
    case 'slowdown':
      return send(s3ErrorAnswer(SLOW_DOWN, requestId));
    case 'request-timeout':
      return send(s3ErrorAnswer(REQUEST_TIMEOUT, requestId));
    case 'expired':
      if (side === 'api') return null;
      return send(
        s3ErrorAnswer({ status: 403, code: 'AccessDenied', message: 'Request has expired' }, requestId),
      );
    default:
      return null;
  }
}

/** How a fault changes the answer to an executed request. */
export function withFault(action: FaultAction, answer: Answer, side: Side, requestId: string): Delivery {
  switch (action.type) {
    case 'reset-after':
      return { how: 'reset' };
    case 'hang-after':
      return { how: 'hang' };
    case 'cut':
      // An answer without a body (to a PUT) announces one that never comes.
      return sizeOf(answer) === 0
        ? { how: 'cut', answer: { ...answer, body: Buffer.alloc(64) }, bytes: 0 }
        : { how: 'cut', answer, bytes: Math.floor(sizeOf(answer) / 2) };
    case 'truncate':
      return send({ ...answer, body: firstHalf(answer.body) });
    case 'empty':
      return send({ status: 200, headers: { 'content-type': 'application/xml' }, body: Buffer.alloc(0) });
    case 'html':
      return send(htmlAnswer(200, 'Please sign in'));
    case 'status':
      return send(statusAnswer(action.status, action.retryAfter, side, requestId));
    default:
      return send(answer);
  }
}

/** The answer of a gateway that stopped waiting. */
export const GATEWAY_TIMEOUT: Delivery = send(htmlAnswer(504, 'Gateway Time-out'));

const OTHER = {
  'other-batch': { id: '990001', jobId: 'ANOTHER_JOB', status: 'Queued' },
  'other-id': { id: '990001' },
  'other-job-id': { jobId: 'ANOTHER_JOB' },
  'no-status': { status: '' },
} as const;

/** The document as this server writes it: with its ids padded, and with what a fault writes in place of the truth. */
export function documentAsWritten(
  document: Element,
  { padIds }: Pick<Settings, 'padIds'>,
  fault: FaultAction | null,
): Element {
  const written = everywhere(document, ({ name, content }) => {
    if (name === 'id' && typeof content === 'string' && content !== '') return content.padStart(padIds, '0');
    return fault?.type === 'no-counts' && /^(?:success|fail)Count$/.test(name) ? '' : content;
  });
  const other: Readonly<Record<string, string>> =
    fault && Object.hasOwn(OTHER, fault.type) ? OTHER[fault.type as keyof typeof OTHER] : {};
  if (typeof written.content === 'string') return written;
  const content = written.content.map((part) => ({ ...part, content: other[part.name] ?? part.content }));
  return { ...written, content };
}

function everywhere(element: Element, change: (element: Element) => Element['content']): Element {
  const content = change(element);
  return {
    ...element,
    content: typeof content === 'string' ? content : content.map((part) => everywhere(part, change)),
  };
}

export function sizeOf(answer: Answer): number {
  return Buffer.isBuffer(answer.body) ? answer.body.length : answer.body.bytes;
}

function send(answer: Answer): Delivery {
  return { how: 'send', answer };
}

function firstHalf(body: Answer['body']): Answer['body'] {
  if (Buffer.isBuffer(body)) return body.subarray(0, Math.floor(body.length / 2));
  return { path: body.path, bytes: Math.floor(body.bytes / 2) };
}

function statusAnswer(status: number, retryAfter: string | null, side: Side, requestId: string): Answer {
  const headers = {
    ...(retryAfter === null ? {} : { 'retry-after': retryAfter }),
    ...(status === 401 ? { 'www-authenticate': 'Basic realm="eBill sandbox"' } : {}),
  };
  const [code, message] = S3_CODES[status] ?? ['SandboxFault', `Scripted answer ${status}`];
  const answer =
    side === 's3'
      ? s3ErrorAnswer({ status, code, message }, requestId)
      : apiErrorAnswer(status, `Scripted answer ${status} of the sandbox`);
  // 204, 205 and 304 have no body by definition.
  const bodiless = status === 204 || status === 205 || status === 304;
  return {
    ...answer,
    headers: { ...answer.headers, ...headers },
    body: bodiless ? Buffer.alloc(0) : answer.body,
  };
}
