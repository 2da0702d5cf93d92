import { setFlagsFromString } from 'node:v8';
import { beforeEach, expect, test, vi } from 'vitest';
import { compileParserOnce } from '../../../src/api/net/undici.ts';

vi.mock('node:v8', async (original) => ({
  ...(await original<typeof import('node:v8')>()),
  setFlagsFromString: vi.fn(),
}));

beforeEach(() => {
  vi.mocked(setFlagsFromString).mockClear();
});

test.each(['v20.18.1', 'v22.12.0', 'v24.0.0'])('%s does not compile the parser a second time', (version) => {
  compileParserOnce(version);
  expect(setFlagsFromString).toHaveBeenCalledExactlyOnceWith('--wasm-tiering-budget=1000000000');
});

test.each(['v18.20.0', 'v25.0.0', 'v26.1.0', 'v200.1.0', 'v240.0.0'])(
  '%s gets no flag that it may not know',
  (version) => {
    compileParserOnce(version);
    expect(setFlagsFromString).not.toHaveBeenCalled();
  },
);
