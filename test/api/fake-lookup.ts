import type { LookupFunction } from 'node:net';

/** A look-up that knows only the names in the table, and records the names it was asked for. */
export function fakeLookup(table: Readonly<Record<string, readonly string[]>>): {
  readonly lookup: LookupFunction;
  readonly asked: string[];
} {
  const asked: string[] = [];
  const lookup: LookupFunction = (name, options, callback) => {
    asked.push(name);
    const found = (table[name] ?? []).map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
    const [first] = found;
    setImmediate(() => {
      if (first === undefined)
        callback(Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), { code: 'ENOTFOUND' }), '', 0);
      else if (options.all === true) callback(null, found);
      else callback(null, first.address, first.family);
    });
  };
  return { lookup, asked };
}
