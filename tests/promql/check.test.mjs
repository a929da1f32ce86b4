import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { good, textsOf } from './fixture.mjs';

const folder = mkdtempSync(join(tmpdir(), 'promql-'));
after(() => rmSync(folder, { recursive: true }));

/** Writes the fixture, changed, into a folder of its own. */
function checkout(name, change = () => {}) {
  const world = good();
  change(world);
  const root = join(folder, name);
  for (const [path, text] of Object.entries(textsOf(world))) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

function check(root, path = '') {
  const script = fileURLToPath(new URL('check.mjs', import.meta.url));
  return spawnSync(process.execPath, [script, root], {
    encoding: 'utf8',
    env: { ...process.env, PATH: path },
  });
}

/** A linter that says a word and ends with a code. */
function linter(name, code) {
  const bin = join(folder, name);
  mkdirSync(bin);
  writeFileSync(
    join(bin, 'dashboard-linter'),
    `#!${process.execPath}\nconsole.log('it says', ...process.argv.slice(2, 4));\nprocess.exitCode = ${code};\n`,
  );
  chmodSync(join(bin, 'dashboard-linter'), 0o755);
  return bin;
}

test('it ends with 0 where nothing is wrong, and says that the linter of Grafana Labs is not there', () => {
  const ran = check(checkout('good'));
  assert.deepEqual([ran.status, ran.stderr], [0, '']);
  assert.match(ran.stdout, /not installed, skipped[^]*Nothing found/);
});

test('it ends with 1 and a line for each finding', () => {
  const ran = check(
    checkout('bad', ({ rules }) => {
      rules.groups[0].rules[1].expr = 'nothing';
    }),
  );
  assert.equal(ran.status, 1);
  assert.match(
    ran.stdout,
    /^deploy\/prometheus\/rules\.yml: group\/ServiceCatalogProductError: nothing is no metric/m,
  );
});

test('a file that is no YAML is a finding', () => {
  const root = checkout('yaml');
  writeFileSync(join(root, 'deploy/prometheus/rules.yml'), 'groups: [');
  assert.match(check(root).stdout, /^deploy\/prometheus\/rules\.yml: top: is no YAML/m);
});

test('where the linter of Grafana Labs is installed its word counts', () => {
  const root = checkout('theirs');
  assert.equal(check(root, linter('content', 0)).status, 0);
  const ran = check(root, linter('angry', 1));
  assert.equal(ran.status, 1);
  assert.match(ran.stdout, /^grafana\/servicecatalog-fleet\.json: dashboard-linter: it says lint --strict/m);
});
