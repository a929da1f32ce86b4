// Holds rules, runbooks, dashboards and documents to METRICS.md and to the rules of the house:
//   node tests/promql/check.mjs [<root of a checkout>]
// Prints each finding as `file: place: what is wrong and what to do`, and ends with 1 if there is one.

import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';

import { ROOT, filesOf } from './files.mjs';
import { DASHBOARDS, judge } from './judge.mjs';

const root = resolve(process.argv[2] ?? ROOT);
const files = filesOf(root);
const findings = [...judge(files), ...theirs(files.list(DASHBOARDS, '.json'))];
for (const finding of findings) console.log(finding);
console.log(findings.length === 0 ? 'Nothing found.' : `Found: ${findings.length}.`);
process.exitCode = findings.length === 0 ? 0 : 1;

/** What the linter of Grafana Labs finds, where it is installed. */
function theirs(dashboards) {
  const found = [];
  for (const path of dashboards) {
    const ran = spawnSync('dashboard-linter', ['lint', '--strict', join(root, path)], { encoding: 'utf8' });
    if (ran.error?.code === 'ENOENT') {
      console.log('dashboard-linter is not installed, skipped; its rules are held by ours.');
      return [];
    }
    if (ran.status !== 0)
      found.push(`${path}: dashboard-linter: ${ran.error?.message ?? (ran.stdout + ran.stderr).trim()}`);
  }
  return found;
}
