/** Option values from a YAML file, as `juju deploy --config` and `juju config --file` take it. */

import { readFile } from 'node:fs/promises';
import { isMap, parseYamlMap } from '../charm-yaml.ts';
import { CommandFailure } from './failure.ts';

/** Options alone, or below the application's name. */
export async function readYamlMapFile(
  path: string,
  application: string,
): Promise<Readonly<Record<string, string | number | boolean>>> {
  const map = parseYamlMap(await readFile(path, 'utf8'), path);
  const below = map[application];
  const values: Record<string, string | number | boolean> = {};
  for (const [key, value] of Object.entries(isMap(below) ? below : map)) {
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') {
      throw new CommandFailure(`${path}: ${key}: not a value`);
    }
    values[key] = value;
  }
  return values;
}
