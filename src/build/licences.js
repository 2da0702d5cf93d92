import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The folder of the package a module of node_modules is from; `null` for our own. */
function packageOf(module) {
  const match = /^(.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+)[\\/]/.exec(module);
  return match?.[1] ?? null;
}

/** What is bundled is passed on, and with it the terms it came under. */
export const licences = {
  name: 'licences',
  generateBundle(_options, bundle) {
    const folders = new Set();
    for (const chunk of Object.values(bundle)) {
      for (const module of chunk.type === 'chunk' ? chunk.moduleIds : []) {
        const folder = packageOf(module);
        if (folder !== null) folders.add(folder);
      }
    }
    const texts = [...folders].sort().map((folder) => {
      const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      const file = readdirSync(folder).find((entry) => /^(?:licen[cs]e|copying)(?:\.|$)/i.test(entry));
      const text =
        file === undefined ? '(no licence file in the package)' : readFileSync(join(folder, file), 'utf8');
      return `${name} ${version} (${license})\n\n${text.trim()}\n`;
    });
    const source = texts.join(`\n${'-'.repeat(80)}\n\n`);
    this.emitFile({ type: 'asset', fileName: 'THIRD-PARTY-LICENCES.txt', source });
  },
};
