import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOT } from './targets.ts';

interface Component {
  readonly 'bom-ref': string;
  readonly purl: string;
  readonly scope?: string;
  readonly licenses?: readonly unknown[];
  readonly properties?: readonly { readonly name: string; readonly value: string }[];
}

/** A bill of materials as CycloneDX describes it; only the fields used here. */
export interface Bill {
  readonly bomFormat: string;
  readonly serialNumber?: string;
  readonly metadata: {
    readonly timestamp?: string;
    readonly component: { readonly 'bom-ref': string; readonly name: string };
  };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn?: readonly string[] }[];
}

/** The bundled packages as `name@version`, from the list of their licences. */
export function bundledIn(licences: string): ReadonlySet<string> {
  const heads = licences.matchAll(/(?:^|\n-{80}\n\n)(@?[^\s@]+) (\S+) \(/g);
  return new Set([...heads].map(([, name, version]) => `${name}@${version}`));
}

/**
 * Keeps what reaches a user: bundled and installed packages. npm counts the bundled ones as development dependencies. The
 * time and serial number are dropped, so that the same tree gives the same bytes.
 */
function shippedBill(bill: Bill, bundled: ReadonlySet<string>, name: string): Bill {
  const components = bill.components
    .filter(({ 'bom-ref': ref, properties = [] }) => bundled.has(ref) || !isDevelopment(properties))
    .map((component) =>
      bundled.has(component['bom-ref'])
        ? { ...component, scope: 'required', properties: [{ name: 'ebill:bundled', value: 'true' }] }
        : component,
    );
  const refs = new Set(components.map((component) => component['bom-ref']));
  const { serialNumber: _, metadata, ...rest } = bill;
  const { timestamp: __, component, ...described } = metadata;
  return {
    ...rest,
    metadata: { ...described, component: { ...component, name } },
    components,
    dependencies: bill.dependencies
      .filter(({ ref }) => refs.has(ref) || ref === component['bom-ref'])
      .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter((one) => refs.has(one)) })),
  };
}

const isDevelopment = (properties: NonNullable<Component['properties']>): boolean =>
  properties.some(({ name, value }) => name === 'cdx:npm:package:development' && value === 'true');

/** The bill of the built program. */
export function billOfMaterials(): Bill {
  const { name } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { name: string };
  const licences = readFileSync(join(ROOT, 'dist', 'THIRD-PARTY-LICENCES.txt'), 'utf8');
  const args = ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only'];
  const bill = execFileSync('npm', args, { cwd: ROOT, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  return shippedBill(JSON.parse(bill) as Bill, bundledIn(licences), name);
}

// `npm run sbom`, after a build.
if (process.argv[1] === fileURLToPath(import.meta.url))
  process.stdout.write(`${JSON.stringify(billOfMaterials(), null, 2)}\n`);
