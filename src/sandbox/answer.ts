import { escapeText } from './xml.ts';

/** The first `bytes` of a file. */
interface FileBody {
  readonly path: string;
  readonly bytes: number;
}

/** The answer to a request before a fault changes it. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | FileBody;
}

export function xmlAnswer(
  status: number,
  xml: string,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return { status, headers: { 'content-type': 'application/xml', ...headers }, body: Buffer.from(xml) };
}

export function htmlAnswer(status: number, title: string): Answer {
  const page = `<!DOCTYPE html>\n<html><head><title>${escapeText(title)}</title></head><body><h1>${escapeText(title)}</h1></body></html>\n`;
  return { status, headers: { 'content-type': 'text/html; charset=utf-8' }, body: Buffer.from(page) };
}

/** The vendor documents only "error xml" with 400 or 404 (api rule 8), so the shape is the sandbox's own. */
export function apiErrorAnswer(
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  const xml = `<?xml version="1.0" encoding="UTF-8"?>\n<error>\n<code>${status}</code>\n<message>${escapeText(message)}</message>\n</error>\n`;
  return xmlAnswer(status, xml, headers);
}

export interface S3Error {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  /** Further elements, which S3 adds for some codes. */
  readonly details?: Readonly<Record<string, string>>;
}

/** An error in S3's own XML. */
export function s3ErrorAnswer({ status, code, message, details = {} }: S3Error, requestId: string): Answer {
  const parts = {
    Code: code,
    Message: message,
    ...details,
    RequestId: requestId,
    HostId: `sandbox/${requestId}`,
  };
  const inner = Object.entries(parts).map(([name, text]) => `<${name}>${escapeText(text)}</${name}>`);
  const xml = `<?xml version="1.0" encoding="UTF-8"?>\n<Error>${inner.join('')}</Error>`;
  return xmlAnswer(status, xml, { 'x-amz-request-id': requestId });
}

/** The API refuses a request. It is thrown before anything changes. */
export class ApiError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}
