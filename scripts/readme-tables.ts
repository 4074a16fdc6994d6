/**
 * `npm run docs [-- --check]`: writes the tables of options and actions into README.md, between comments that name them, from the files
 * that Juju reads. With --check it writes nothing and fails if they are out of date.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { parse } from 'yaml';
import { charms } from './pack/archive.ts';
import { repository } from './pack/places.ts';
import { type Action, actionsTable, type Option, optionsTable, withTables } from './readme/tables.ts';

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });

const path = join(repository, 'README.md');
const present = await readFile(path, 'utf8');
const wanted = withTables(present, await tables());

if (wanted === present) console.log('docs: the tables in README.md are current');
else if (values.check) {
  console.error('README.md is not what config.yaml and actions.yaml say. Run `npm run docs` and commit it.');
  process.exitCode = 1;
} else {
  await writeFile(path, wanted);
  console.log('docs: wrote the tables in README.md');
}

async function tables(): Promise<Readonly<Record<string, string>>> {
  const found: Record<string, string> = {};
  for (const [charm, folder] of Object.entries(charms)) {
    const { options } = await yaml<{ options: Record<string, Option> }>(folder, 'config.yaml');
    found[`options of ${charm}`] = optionsTable(options);
    found[`actions of ${charm}`] = actionsTable(await yaml<Record<string, Action>>(folder, 'actions.yaml'));
  }
  return found;
}

async function yaml<T>(folder: string, name: string): Promise<T> {
  const text = await readFile(join(repository, folder, name), 'utf8');
  try {
    return parse(text) as T;
  } catch (error) {
    throw new Error(`${join(folder, name)} is not YAML: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}
