interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A strict reader of the exposition format: OpenMetrics, as far as the older text format has it too. */
export function readMetrics(text: string): readonly Sample[] {
  if (!text.endsWith('\n# EOF\n')) throw new Error('no # EOF at the end');
  const samples: Sample[] = [];
  const seen = new Set<string>();
  let open = { name: '', help: false, type: false };
  for (const line of text.slice(0, -'# EOF\n'.length).split('\n').slice(0, -1)) {
    const meta = /^# (HELP|TYPE) ([a-z_]+) (.+)$/.exec(line);
    if (meta !== null) {
      const [, keyword, name = '', rest = ''] = meta;
      if (open.name !== name) {
        if (seen.has(name)) throw new Error(`${name} in two places`);
        seen.add(name);
        open = { name, help: false, type: false };
      }
      if (keyword === 'TYPE' && rest !== 'gauge') throw new Error(`type ${rest}`);
      if (/[\\\n]/.test(rest)) throw new Error('help not escaped');
      open = { ...open, ...(keyword === 'HELP' ? { help: true } : { type: true }) };
      continue;
    }
    const found = /^([a-zA-Z_:][\w:]*)\{(.*)\} (\S+)$/.exec(line);
    if (found === null) throw new Error(`no sample: ${line}`);
    const [, name = '', inside = '', value = ''] = found;
    if (open.name !== name || !open.help || !open.type) throw new Error(`${name} without HELP and TYPE`);
    if (!name.startsWith('ebill_') || /_(?:total|count|sum|bucket|info)$/.test(name)) throw new Error(name);
    if (!/^\d+(?:\.\d+)?$/.test(value)) throw new Error(`value ${value}`);
    const labels: Record<string, string> = {};
    const left = inside.replace(
      /([a-zA-Z_]\w*)="((?:[^"\\\n]|\\["\\n])*)"(?:,(?=.)|$)/g,
      (_all, key, raw) => {
        if (key in labels) throw new Error(`label ${key} twice`);
        labels[key] = (raw as string).replace(/\\(.)/g, (_pair, char) => (char === 'n' ? '\n' : char));
        return '';
      },
    );
    if (left !== '') throw new Error(`labels ${inside}`);
    const series = `${name}${JSON.stringify(labels)}`;
    if (seen.has(series)) throw new Error(`${series} twice`);
    seen.add(series);
    samples.push({ name, labels, value: Number(value) });
  }
  return samples;
}
