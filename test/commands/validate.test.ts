import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { command, type ValidateOptions } from '../../src/commands/validate.ts';

function parse(words: readonly string[]): ValidateOptions {
  const cmd = new Command('x').exitOverride().configureOutput({ writeErr: () => undefined });
  command.configure(cmd);
  cmd.action(() => undefined).parse([...words], { from: 'user' });
  return command.options(cmd.processedArgs.flat(), cmd.opts());
}

const NONE = {
  files: [],
  customer: [],
  invoice: [],
  items: [],
  columns: [],
  warningsAsErrors: false,
  against: null,
};

describe('validate', () => {
  it.each([
    [['--customer', 'a', 'b'], { customer: ['a', 'b'] }],
    [['--invoice', 'a', '--items', 'b', 'c'], { invoice: ['a'], items: ['b', 'c'] }],
    [['--items', 'a', '--items', 'b'], { items: ['a', 'b'] }],
    [['a', 'b'], { files: ['a', 'b'] }],
    [['a', '--items', 'b'], { files: ['a'], items: ['b'] }],
    [['--items', 'a', '--warnings-as-errors'], { items: ['a'], warningsAsErrors: true }],
    [['a', '--against', 'JUL_2020'], { files: ['a'], against: 'JUL_2020' }],
    [
      ['--items', 'a', '--column', 'items.amount=Net Amount', '--column', 'items.invoice=No'],
      {
        items: ['a'],
        columns: [
          ['items.amount', 'Net Amount'],
          ['items.invoice', 'No'],
        ],
      },
    ],
  ])('%j', (words, over) => {
    expect(parse(words)).toEqual({ ...NONE, ...over });
  });

  it.each([[[]], [['--customer']], [['--items', 'a', '--column', 'x=y']]])('%j is refused', (words) => {
    expect(() => parse(words)).toThrow();
  });
});
