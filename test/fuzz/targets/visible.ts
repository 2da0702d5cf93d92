import { safeJson } from '../../../src/output/json-text.ts';
import { runnerOf } from '../../../src/output/runners.ts';
import {
  hangingIndent,
  textWidth,
  truncateEnd,
  truncateMiddle,
  widthsReady,
  wrap,
} from '../../../src/output/text-layout.ts';
import { html } from '../../../src/report/html.ts';
import { oneLine, visible, withoutCommands } from '../../../src/system/escaping.ts';
import { hold, RAW, type Target } from '../target.ts';

await widthsReady(['日']);

const RUNNERS = [{ GITHUB_ACTIONS: 'true' }, { TF_BUILD: 'True' }, { TEAMCITY_VERSION: '1' }].map(runnerOf);

/** Text from outside on its way to a terminal, a runner or a page. */
export const target: Target = {
  seeds: [
    '\u001b[2J\u001b]8;;http://x\u0007y',
    'Müller 日本 👩🏽‍💻 क्‍ष',
    '\u202eabc\u2066',
    '::error::x\n##[group]',
    'authorization: Bearer abcdefgh https://u:p@h/?X-Amz-Signature=abc',
  ],
  dictionary: [
    '\u001b[',
    '\u001b]52;c;',
    '\u0007',
    '\u009b',
    '\u202e',
    '\u2066',
    '\u200b',
    '\u200d',
    '\ufe0f',
    '\u{e0041}',
    '\u{e0100}',
    '\ud83d',
    '\r',
    '\n',
    '\t',
    '::',
    '##[',
    '%0A',
    '\u2028',
    '😀',
    'é',
    'e\u0301',
    '\u0e33',
    'Bearer ',
    '://',
    '@',
  ],
  run(bytes) {
    const text = bytes.subarray(0, 2048).toString(bytes[0] === 0 ? 'utf16le' : 'utf8');
    const shown = visible(text);
    hold(!RAW.test(shown) && !shown.includes('\n'), 'visible text has no control characters');
    hold(visible(shown) === shown, 'visible text stays as it is');
    const line = visible(oneLine(text));
    for (const width of [1, 7, 40]) {
      hold(textWidth(truncateMiddle(line, width)) <= width, 'a truncated text fits');
      for (const part of wrap(line, Math.max(2, width)))
        hold(!RAW.test(part), 'a wrapped text has no control characters');
      hangingIndent('x: ', line, width + 3);
      truncateEnd(line, width);
    }
    const json = safeJson({ text });
    hold(
      !RAW.test(json) && (JSON.parse(json) as { text: string }).text === text,
      'JSON has no control characters and the same value',
    );
    for (const runner of RUNNERS) {
      const command = runner?.annotation('error', text.slice(0, 500), text) ?? '';
      hold(
        !/[\r\n]/.test(command) && !command.slice(2).startsWith('::'),
        'a command of a runner is one line',
      );
    }
    hold(
      !/^\s*::|##(?:\w*\[)|section_(?:start|end):/i.test(withoutCommands(line)),
      'a runner finds no command',
    );
    const page = html`<p title="${text}">${text}</p>`.text;
    hold(/^<p title="[^"<>]*">[^<>]*<\/p>$/.test(page), 'a page has no foreign markup');
  },
};
