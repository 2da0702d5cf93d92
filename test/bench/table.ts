import type { GoalResult, Row } from './part.ts';

/** Lines for a terminal, a table for each group. */
export function tableOf(rows: readonly Row[]): string[] {
  const lines: string[] = [];
  for (const group of new Set(rows.map((row) => row.group))) {
    const members = rows.filter((row) => row.group === group);
    const columns = columnsOf(members);
    const header = [group, ...columns.map(({ title }) => title)];
    const body = members.map((row) => [`  ${row.name}`, ...columns.map(({ cell }) => cell(row))]);
    lines.push('', ...aligned([header, ...body]));
    const answers = new Set(members.flatMap(({ own }) => (own['says'] === undefined ? [] : [own['says']])));
    if (answers.size > 1) lines.push(`  they disagree: ${[...answers].join(' | ')}`);
  }
  return lines;
}

interface Column {
  readonly title: string;
  cell(row: Row): string;
}

/** Goals, speeds and the candidates' own figures are columns only where a candidate of the group has them. */
function columnsOf(members: readonly Row[]): Column[] {
  const figure = (title: string, name: 'wallMs' | 'userMs' | 'rssMb'): Column => ({
    title,
    cell: (row) => row[name].toFixed(1),
  });
  const ratio = (title: string, name: 'wallMs' | 'userMs' | 'rssMb'): Column => ({
    title,
    // A peer can be too fast to be measured.
    cell: ({ times }) => (Number.isFinite(times[name]) ? times[name].toFixed(2) : '–'),
  });
  const goal: Column = {
    title: 'goal',
    cell: ({ goal }) => (goal === undefined ? '' : `${limitOf(goal)} ${goal.met ? 'met' : 'missed'}`),
  };
  const speed: Column = { title: 'MB/s', cell: ({ mbPerSecond }) => String(mbPerSecond ?? '') };
  const own = [...new Set(members.flatMap((row) => Object.keys(row.own)))].filter((name) => name !== 'says');
  return [
    ratio('× wall', 'wallMs'),
    ...(members.some((row) => row.goal !== undefined) ? [goal] : []),
    ratio('× user', 'userMs'),
    ratio('× RSS', 'rssMb'),
    figure('wall ms', 'wallMs'),
    figure('user ms', 'userMs'),
    figure('RSS MB', 'rssMb'),
    ...(members.some((row) => row.mbPerSecond !== undefined) ? [speed] : []),
    ...own.map((name): Column => ({ title: name, cell: (row) => String(row.own[name] ?? '') })),
    { title: 'runs', cell: (row) => String(row.runs) },
    { title: 'spread', cell: (row) => `${row.spread.toFixed(2)} ×` },
  ];
}

const limitOf = ({ peer, atMost }: GoalResult): string =>
  peer === null ? `${atMost} MB` : atMost.toFixed(2);

/** A line for each goal of a run. @param parts name → rows */
export function goalsTable(parts: ReadonlyMap<string, readonly Row[]>): string[] {
  const lines = [...parts].flatMap(([part, rows]) =>
    rows.flatMap(({ name, group, goal }) =>
      goal === undefined
        ? []
        : [
            [
              `  ${part}: ${name}`,
              group,
              goal.peer === null ? 'most memory' : `× ${goal.peer}`,
              limitOf(goal),
              goal.peer === null ? `${goal.figure} MB` : goal.figure.toFixed(2),
              goal.met ? 'met' : 'missed',
            ],
          ],
    ),
  );
  if (lines.length === 0) return [];
  return ['', ...aligned([['goals', 'group', 'compared with', 'at most', 'figure', ''], ...lines])];
}

/** Pads all but the first column on the left. */
export function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((cells) => [...(cells[column] ?? '')].length)),
  );
  return rows.map((cells) =>
    cells
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
}
