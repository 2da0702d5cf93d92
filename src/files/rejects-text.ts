const quoted = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/**
 * A cell a spreadsheet will show as it is: one that begins like a formula gets an apostrophe before it, because server
 * text may echo what a stranger typed (OWASP, "CSV Injection"). Only for files that are read by people: a file that is
 * loaded again is never touched.
 */
export const neutral = (text: string): string => (/^[=+\-@\t\r\n＝＋－＠]/.test(text) ? `'${text}` : text);

/** One line of a messages file, RFC 4180. */
export const messagesLine = (cells: readonly (string | number)[]): string =>
  `${cells.map((cell) => quoted(typeof cell === 'number' ? String(cell) : neutral(cell))).join(',')}\r\n`;

export const MESSAGES_HEADER = messagesLine(['Line', 'Message', 'Line in rejects file']);
