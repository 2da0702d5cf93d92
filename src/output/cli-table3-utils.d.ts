/** What cli-table3 measures, pads and wraps with; see `table.ts`. */
declare module 'cli-table3/src/utils.js' {
  const utils: Record<string, unknown>;
  export default utils;
}
