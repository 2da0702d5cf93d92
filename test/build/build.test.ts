import { join } from 'node:path';
import { build } from 'rolldown';
import { describe, expect, it } from 'vitest';
import { packageBundle } from '../../src/build/build.ts';
import { ROOT } from '../../src/build/targets.ts';

/** Builds one module that imports `path`, as if it were in `src`. */
function buildImportOf(path: string) {
  const input = join(ROOT, 'src', 'entry-of-the-test.js');
  const entry = {
    name: 'entry',
    resolveId: (id: string) => (id === input ? id : null),
    load: (id: string) => (id === input ? `import part from '${path}';\nconsole.log(part);` : null),
  };
  const { output: _, ...options } = packageBundle(ROOT, false);
  return build({ ...options, input, plugins: [entry], write: false });
}

describe('the build', () => {
  it('takes single modules of a package', async () => {
    await expect(buildImportOf('undici/lib/api/api-request.js')).resolves.toBeDefined();
  });

  it('fails when a package has moved such a module', async () => {
    await expect(buildImportOf('undici/lib/api/moved.js')).rejects.toThrow('undici/lib/api/moved.js');
  });
});
