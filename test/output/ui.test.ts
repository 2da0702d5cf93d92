import { describe, expect, it } from 'vitest';
import { isCi } from '../../src/output/runners.ts';
import { asciiSymbols, noColors, symbolsFor, unicodeSymbols } from '../../src/output/theme.ts';
import { progressMode, wantsColor } from '../../src/output/ui.ts';
import { Redactor } from '../../src/redact/redactor.ts';
import { testContext } from '../helpers/context.ts';
import { terminal } from './terminal.ts';
import { uiFor } from './ui-helper.ts';

const TTY = { isTTY: true };
const PIPE = { isTTY: false };
const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('colour', () => {
  it.each([
    ['a terminal', TTY, {}, 'auto', true],
    ['a pipe', PIPE, {}, 'auto', false],
    ['--color always, NO_COLOR or not', PIPE, { NO_COLOR: '1' }, 'always', true],
    ['--color never', TTY, { FORCE_COLOR: '1' }, 'never', false],
    ['NO_COLOR', TTY, { NO_COLOR: '1' }, 'auto', false],
    ['an empty NO_COLOR', TTY, { NO_COLOR: '' }, 'auto', true],
    ['FORCE_COLOR', PIPE, { FORCE_COLOR: '1', CI: 'true' }, 'auto', true],
    ['FORCE_COLOR=0', TTY, { FORCE_COLOR: '0' }, 'auto', false],
    ['TERM=dumb', TTY, { TERM: 'dumb' }, 'auto', false],
    ['CI', TTY, { CI: 'true' }, 'auto', false],
  ] as const)('%s', (_, stream, env, option, expected) => {
    expect(wantsColor(stream, env, option)).toBe(expected);
  });
});

describe('progress', () => {
  const of = (
    stream: { isTTY: boolean },
    env: Record<string, string>,
    progress: 'auto' | 'tty' | 'plain' | 'json' | 'none',
    quiet = false,
  ) => progressMode(stream, env, { progress, quiet });
  it.each([
    [of(TTY, {}, 'auto'), 'tty'],
    [of(PIPE, {}, 'auto'), 'plain'],
    [of(TTY, { CI: '1' }, 'auto'), 'plain'],
    [of(TTY, { TERM: 'dumb' }, 'auto'), 'plain'],
    [of(TTY, { CI: '1' }, 'tty'), 'tty'],
    [of(PIPE, {}, 'tty'), 'plain'],
    [of(TTY, {}, 'plain'), 'plain'],
    [of(TTY, {}, 'auto', true), 'none'],
    [of(TTY, {}, 'tty', true), 'none'],
    [of(TTY, {}, 'json', true), 'json'],
    [of(TTY, {}, 'none'), 'none'],
  ] as const)('%s is %s', (mode, expected) => {
    expect(mode).toBe(expected);
  });
  it('recognises CI', () => {
    expect([
      isCi({}),
      isCi({ CI: '' }),
      isCi({ CI: 'false' }),
      isCi({ CI: '0' }),
      isCi({ CI: 'true' }),
    ]).toEqual([false, false, false, false, true]);
  });
});

describe('createUi', () => {
  it('decides for stdout and stderr separately, and loads no chalk for a pipe', async () => {
    const context = testContext({ tty: true, columns: 66 });
    context.stdout.isTTY = false;
    const ui = await uiFor(context, { color: 'auto' });
    expect([ui.colors, ui.width, ui.err.width]).toEqual([noColors, Infinity, 66]);
    expect(ui.err.colors.red('x')).toBe('\u001b[31mx\u001b[39m');
    expect(ui.interactive).toBe(true);
    expect((await uiFor(testContext({ tty: true, env: { CI: 'true' } }))).interactive).toBe(false);
    expect((await uiFor(testContext())).interactive).toBe(false);
  });

  it('prints no control character and no secret', async () => {
    const redactor = new Redactor();
    redactor.add('pass\u001bword');
    const context = testContext();
    const ui = await uiFor(context, {}, redactor);
    ui.note('a pass\u001bword\r\n\u001b[2Jb');
    ui.warn('Basic customers.csv and pass\u001bword');
    ui.fail({ code: 'AUTH', message: 'refused\nerror: forged\u202e', hint: 'Log in.\n\tThen\tagain.' });
    await settle();
    expect(context.stderr.text.split('\n')).toEqual([
      'a *** \\u001b[2Jb',
      'warning: Basic customers.csv and ***',
      'error: refused',
      '  error: forged\\u202e',
      '  → Log in.',
      '      Then\\tagain.',
      '',
    ]);
    expect(context.stdout.text).toBe('');
  });

  it('puts a command to copy on its own line, never wrapped, on a terminal', async () => {
    const term = terminal(36);
    const ui = await uiFor(term.context);
    ui.note("Next: ebill upload customer 'my file. C.csv' --job AUG_2020");
    ui.fail({
      code: 'CONFLICT',
      message: 'it said: ebill profile remove prod',
      hint: 'See what it processed: ebill status --job-id AUG_2020_CUS. Load it only then.',
    });
    expect((await term.screen()).join('')).toBe(
      [
        'Next:',
        "ebill upload customer 'my file. C.csv' --job AUG_2020",
        // Text from outside is never made a command to copy.
        'error: it said: ebill profile remove',
        '  prod',
        '  → See what it processed:',
        '    ebill status --job-id AUG_2020_CUS',
        '    Load it only then.',
      ].join(''),
    );
    const piped = testContext();
    (await uiFor(piped)).note('Next: ebill watch --job AUG_2020');
    expect(piped.stderr.text).toBe('Next: ebill watch --job AUG_2020\n');
  });

  it('puts the command in the hint of a warning on its own line, and none from its message', async () => {
    const term = terminal(40);
    const ui = await uiFor(term.context);
    ui.warn('it said: ebill profile remove prod', 'To map it: ebill profile set NAME --status-name X=PHASE');
    expect((await term.screen()).join('\n').trim()).toBe(
      [
        'warning: it said: ebill profile remove',
        '  prod',
        '  → To map it:',
        '    ebill profile set NAME --status-name',
        ' X=PHASE',
      ].join('\n'),
    );
    const context = testContext();
    const json = await uiFor(context, { progress: 'json' });
    json.warn('m', 'h');
    expect(JSON.parse(context.stderr.text)).toMatchObject({ event: 'warning', message: 'm h' });
  });

  it('suppresses notes, but no warnings and errors, under --quiet', async () => {
    const context = testContext();
    const ui = await uiFor(context, { quiet: true });
    ui.note('n');
    ui.warn('w');
    ui.fail({ code: 'USAGE', message: 'm', hint: '' });
    await settle();
    expect(context.stderr.text).toBe('warning: w\nerror: m\n');
  });

  it('writes nothing but JSON lines under --progress json', async () => {
    const context = testContext();
    const ui = await uiFor(context, { progress: 'json' });
    ui.note('n\u001b');
    ui.warn('w');
    ui.fail({ code: 'USAGE', message: 'm', hint: 'h' });
    await settle();
    const events = context.stderr.text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(events.map(({ event, message }) => [event, message])).toEqual([
      ['note', 'n\u001b'],
      ['warning', 'w'],
      ['error', 'm'],
    ]);
  });

  it('writes lines above the live lines, wrapped or not', async () => {
    const term = terminal(30);
    const ui = await uiFor(term.context);
    const hide = ui.screen.show(() => ['live one', 'live two']);
    ui.screen.draw();
    ui.warn('a warning that is longer than a line');
    ui.screen.line('x'.repeat(45));
    ui.note('short');
    expect(await term.screen()).toEqual([
      'warning: a warning that is',
      '  longer than a line',
      'x'.repeat(30),
      'x'.repeat(15),
      'short',
      'live one',
      'live two',
    ]);
    hide();
    ui.note('after');
    expect((await term.screen()).slice(5)).toEqual(['after']);
  });

  it('erases in place on the last row too', async () => {
    const term = terminal(30, 4);
    const ui = await uiFor(term.context);
    for (const line of ['1', '2', '3', '4']) ui.note(line);
    for (const live of [['a'], ['a', 'b', 'c', 'd', 'e', 'f']]) {
      ui.screen.show(() => live);
      ui.screen.draw();
      ui.end();
      ui.end();
    }
    ui.note('5');
    expect((await term.screen()).at(-1)).toBe('5');
    expect((await term.screen()).join(' ')).not.toMatch(/[a-f]/);
  });

  it('shows the cursor again when the process exits at once', async () => {
    const term = terminal(30);
    const ui = await uiFor(term.context);
    const before = process.listeners('exit');
    ui.screen.show(() => ['live']);
    ui.screen.draw();
    await term.screen();
    expect(term.cursorHidden()).toBe(true);
    const own = process.listeners('exit').filter((listener) => !before.includes(listener));
    expect(own).toHaveLength(1);
    own[0]?.(130);
    await term.screen();
    expect(term.cursorHidden()).toBe(false);
    expect(process.listeners('exit')).toEqual(before);
  });

  it('does not throw when the reader has closed the pipe', async () => {
    const context = testContext();
    const ui = await uiFor(context);
    context.stderr.destroy();
    ui.note('x');
    ui.end();
  });
});

it('uses ASCII symbols where fonts lack the others', () => {
  expect(symbolsFor({ TERM: 'linux' }, 'linux')).toBe(asciiSymbols);
  expect(symbolsFor({}, 'win32')).toBe(asciiSymbols);
  expect(symbolsFor({ WT_SESSION: '1' }, 'win32')).toBe(unicodeSymbols);
  expect(symbolsFor({ TERM: 'xterm' }, 'darwin')).toBe(unicodeSymbols);
});
