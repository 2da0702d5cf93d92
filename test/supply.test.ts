import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { billOfMaterials, bundledIn } from '../src/build/sbom.ts';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const text = (name: string): string => readFileSync(join(ROOT, name), 'utf8');

interface Package {
  readonly dependencies: Record<string, string>;
  readonly optionalDependencies: Record<string, string>;
  readonly devDependencies: Record<string, string>;
  readonly scripts: Record<string, string>;
}
interface Locked {
  readonly version?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly dev?: boolean;
  readonly license?: string;
  readonly hasInstallScript?: boolean;
}

const pack = JSON.parse(text('package.json')) as Package;
const lock = (JSON.parse(text('package-lock.json')) as { packages: Record<string, Locked> }).packages;
const bundled = bundledIn(text('dist/THIRD-PARTY-LICENCES.txt'));

/** Rows of a table of SECURITY.md under a heading, cells without their back quotes. */
function rows(heading: string): string[][] {
  const section =
    text('SECURITY.md')
      .split(new RegExp(`^#+ ${heading}$`, 'm'))[1]
      ?.split(/^#/m)[0] ?? '';
  return section
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim().replaceAll('`', '')),
    );
}

describe('dependencies', () => {
  const installed = { ...pack.dependencies, ...pack.optionalDependencies };
  const isBundled = (name: string): boolean => [...bundled].some((ref) => ref.startsWith(`${name}@`));
  const tables = {
    Installed: Object.keys(installed),
    Bundled: Object.keys(pack.devDependencies).filter(isBundled),
    'For development alone': Object.keys(pack.devDependencies).filter((name) => !isBundled(name)),
  };

  it.each(Object.entries(tables))(
    'the table "%s" of SECURITY.md names exactly its packages',
    (heading, names) => {
      expect(
        rows(heading)
          .map(([name]) => name)
          .sort(),
      ).toEqual([...names].sort());
    },
  );

  it('each is named with why, by whom, and under the licence that it has', () => {
    for (const [name = '', why = '', licence, by = ''] of Object.keys(tables).flatMap(rows)) {
      expect(licence, name).toBe(lock[`node_modules/${name}`]?.license);
      expect(why.length, name).toBeGreaterThan(10);
      expect(by.length, name).toBeGreaterThan(3);
    }
  });

  it('reach a user under licences that allow it, bundled or installed', () => {
    const allowed = new Set(['MIT', 'ISC', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', '0BSD']);
    const shipped = Object.entries(lock).filter(
      ([path, { version, dev }]) =>
        path !== '' && (dev !== true || bundled.has(`${path.replace(/^.*node_modules\//, '')}@${version}`)),
    );
    expect(shipped.length).toBeGreaterThan(60);
    expect(shipped.filter(([, { license }]) => !allowed.has(license ?? '')).map(([path]) => path)).toEqual(
      [],
    );
  });

  it('none runs a script when it is installed', () => {
    expect(Object.keys(lock).filter((path) => lock[path]?.hasInstallScript === true)).toEqual([]);
    expect(Object.keys(pack.scripts).filter((name) => /^(?:pre|post)?install$|^prepare$/.test(name))).toEqual(
      [],
    );
  });

  it('are locked with what their bytes must be, and name no place to get them from but the registry in use', () => {
    const entries = Object.entries(lock).filter(([path]) => path !== '');
    expect(entries.length).toBeGreaterThan(200);
    for (const [path, { integrity, resolved }] of entries) {
      expect(integrity, path).toMatch(/^sha512-/);
      expect(resolved, path).toBeUndefined();
    }
  });
});

describe('the bill of materials', () => {
  const bill = billOfMaterials();

  it('is CycloneDX, and names what is bundled and what is installed, and nothing else', () => {
    expect([bill.bomFormat, bill.metadata.component.name]).toEqual(['CycloneDX', 'ebill']);
    const expected = new Set([
      ...bundled,
      ...Object.entries(lock).flatMap(([path, { version, dev }]) =>
        path === '' || dev === true ? [] : [`${path.replace(/^.*node_modules\//, '')}@${version}`],
      ),
    ]);
    expect(bundled.size).toBeGreaterThan(40);
    expect(bill.components.map((one) => one['bom-ref']).sort()).toEqual([...expected].sort());
    for (const { purl, licenses } of bill.components) {
      expect(purl).toMatch(/^pkg:npm\//);
      expect(licenses, purl).not.toEqual([]);
    }
  });

  it('says what needs what, among these alone', () => {
    const refs = new Set(bill.components.map((one) => one['bom-ref']));
    const edges = bill.dependencies.flatMap(({ dependsOn = [] }) => dependsOn);
    expect(edges).toContain('undici@'.concat(lock['node_modules/undici']?.version ?? ''));
    expect(edges.filter((ref) => !refs.has(ref))).toEqual([]);
  });

  it('is the same each time', () => {
    expect([bill.serialNumber, bill.metadata.timestamp]).toEqual([undefined, undefined]);
  });
});
