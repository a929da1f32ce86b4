// The files below the root of a checkout.

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const PYTHON = process.env.SERVICECATALOG_EXPORTER_TEST_PYTHON ?? join(ROOT, 'target/tools/venv/bin/python');
const READER = fileURLToPath(new URL('yaml_to_json.py', import.meta.url));

export function filesOf(root) {
  return {
    /** The text of a file; undefined if there is none. */
    read(path) {
      const whole = join(root, path);
      return existsSync(whole) ? readFileSync(whole, 'utf8') : undefined;
    },
    /** The files of a folder with that ending, sorted; none if there is no such folder. */
    list(folder, ending) {
      const whole = join(root, folder);
      if (!existsSync(whole)) return [];
      return readdirSync(whole)
        .filter((name) => name.endsWith(ending))
        .sort()
        .map((name) => (folder ? `${folder}/${name}` : name));
    },
    /** What YAML files say, those that exist: path → { content } or { error }; every scalar is a string. */
    yaml(paths) {
      const there = paths.filter((path) => existsSync(join(root, path)));
      if (there.length === 0) return {};
      try {
        return JSON.parse(
          execFileSync(PYTHON, [READER, ...there], { cwd: root, maxBuffer: 1 << 28, encoding: 'utf8' }),
        );
      } catch (error) {
        throw new Error(`${PYTHON} reads no YAML: ${error.message}; install it with \`make tools\``);
      }
    },
  };
}
