/** Rows → the lines a person reads, a table for each group. */
export function tableOf(rows) {
  const lines = [];
  for (const group of new Set(rows.map((row) => row.group))) {
    const members = rows.filter((row) => row.group === group);
    lines.push('', ...aligned([headOf(group, members), ...members.map((row) => cellsOf(row, members))]));
    const answers = new Set(members.flatMap(({ own }) => (own.says === undefined ? [] : [own.says])));
    if (answers.size > 1) lines.push(`  they disagree: ${[...answers].join(' | ')}`);
  }
  return lines;
}

/** The columns only some groups have: a goal, a speed, and what the candidates tell of themselves. */
const extras = (members) => ({
  goals: members.some(({ goal }) => goal !== undefined),
  speeds: members.some(({ mbPerSecond }) => mbPerSecond !== undefined),
  own: [...new Set(members.flatMap(({ own }) => Object.keys(own)))].filter((name) => name !== 'says'),
});

function headOf(group, members) {
  const { goals, speeds, own } = extras(members);
  return [
    group,
    '× wall',
    ...(goals ? ['goal'] : []),
    '× user',
    '× RSS',
    'wall ms',
    'user ms',
    'RSS MB',
    ...(speeds ? ['MB/s'] : []),
    ...own,
    'runs',
    'spread',
  ];
}

function cellsOf(row, members) {
  const { goals, speeds, own } = extras(members);
  const { times } = row;
  return [
    `  ${row.name}`,
    ratioOf(times.wallMs),
    ...(goals ? [goalOf(row)] : []),
    ratioOf(times.userMs),
    ratioOf(times.rssMb),
    row.wallMs.toFixed(1),
    row.userMs.toFixed(1),
    row.rssMb.toFixed(1),
    ...(speeds ? [row.mbPerSecond === undefined ? '' : String(row.mbPerSecond)] : []),
    ...own.map((name) => String(row.own[name] ?? '')),
    String(row.runs),
    `${row.spread.toFixed(2)} ×`,
  ];
}

/** A peer that took no time that could be measured is nothing to be held against. */
const ratioOf = (ratio) => (Number.isFinite(ratio) ? ratio.toFixed(2) : '–');

const goalOf = ({ goal, times }) =>
  goal === undefined ? '' : `${goal.toFixed(2)} ${times.wallMs <= goal ? 'met' : 'missed'}`;

/** @param {readonly (readonly string[])[]} rows the first is the head */
export function aligned(rows) {
  if (rows.length === 0) return [];
  const widths = rows[0].map((_, column) => Math.max(...rows.map((cells) => [...cells[column]].length)));
  return rows.map((cells) =>
    cells
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column])))
      .join('  ')
      .trimEnd(),
  );
}
