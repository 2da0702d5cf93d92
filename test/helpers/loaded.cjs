// Required before the program: at its end, the files it has loaded and the parts of Node they made it load.
//   EBILL_TEST_LOADED = the file to write
const { writeFileSync } = require('node:fs');

const before = new Set(process.moduleLoadList);
process.on('exit', () => {
  const builtins = process.moduleLoadList.filter((name) => !before.has(name));
  const files = Object.keys(require.cache).filter((file) => file !== __filename);
  writeFileSync(process.env.EBILL_TEST_LOADED, JSON.stringify({ files, builtins }));
});
