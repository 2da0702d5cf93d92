import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** The packages that are in the bundle, as `name@version`, from the list of their licences. */
export function bundledIn(licences) {
  const head = /(?:^|\n-{80}\n\n)(@?[^\s@]+) (\S+) \(/g;
  return new Set([...licences.matchAll(head)].map(([, name, version]) => `${name}@${version}`));
}

/**
 * npm's bill of materials (CycloneDX), cut to what reaches a user: what is bundled, and what is installed besides. npm
 * counts bundled packages among those of development, and leaves them out where it is asked for the rest. Without the
 * time and the random number of npm's own, the same tree gives the same bytes.
 */
export function shippedBill(bill, bundled, name) {
  const kept = bill.components
    .filter(({ 'bom-ref': ref, properties = [] }) => bundled.has(ref) || !isDevelopment(properties))
    .map((component) =>
      bundled.has(component['bom-ref'])
        ? { ...component, scope: 'required', properties: [{ name: 'ebill:bundled', value: 'true' }] }
        : component,
    );
  const refs = new Set(kept.map((component) => component['bom-ref']));
  const { serialNumber: _, metadata, ...rest } = bill;
  const { timestamp: __, ...described } = metadata;
  const root = metadata.component['bom-ref'];
  return {
    ...rest,
    metadata: { ...described, component: { ...metadata.component, name } },
    components: kept,
    dependencies: bill.dependencies
      .filter(({ ref }) => refs.has(ref) || ref === root)
      .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter((one) => refs.has(one)) })),
  };
}

const isDevelopment = (properties) =>
  properties.some(({ name, value }) => name === 'cdx:npm:package:development' && value === 'true');

/** `npm run sbom`, after a build: the bill on standard output. */
export function writtenBill() {
  const { name } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const licences = readFileSync(join(ROOT, 'dist', 'THIRD-PARTY-LICENCES.txt'), 'utf8');
  const args = ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only'];
  const bill = execFileSync('npm', args, { cwd: ROOT, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  return `${JSON.stringify(shippedBill(JSON.parse(bill), bundledIn(licences), name), null, 2)}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.stdout.write(writtenBill());
