/**
 * `npm run docs [-- --check]`: writes what is made from other files: config.yaml of both charms from the declarations of the options, the
 * tables of options and actions in README.md, between comments that name them, from the same and from actions.yaml, and
 * docs/reference/controls.md from the catalogues of controls. With --check it writes nothing and fails if they are out of date.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { parse } from 'yaml';
import { readCatalogues } from './catalogues/read.ts';
import { configYaml } from './options/config-yaml.ts';
import { documentedOptions } from './options/documented.ts';
import { type Charm, charms } from './pack/archive.ts';
import { repository } from './pack/places.ts';
import { controlsPage } from './readme/controls.ts';
import { type Action, actionsTable, optionsTable, withTables } from './readme/tables.ts';

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });

for (const [charm, folder] of Object.entries(charms) as [Charm, string][])
  await keep(join(folder, 'config.yaml'), async () => configYaml(documentedOptions(charm)));
await keep('README.md', async (present) => withTables(present, await tables()));
await keep('docs/reference/controls.md', async () => controlsPage(await readCatalogues()));

async function keep(name: string, make: (present: string) => Promise<string>): Promise<void> {
  const path = join(repository, name);
  const present = await readFile(path, 'utf8').catch(absent);
  const wanted = await make(present);
  if (wanted === present) console.log(`docs: ${name} is current`);
  else if (values.check) {
    console.error(
      `${name} is not what the declared options, actions.yaml and the catalogues say. Run \`npm run docs\` and commit it.`,
    );
    process.exitCode = 1;
  } else {
    await writeFile(path, wanted);
    console.log(`docs: wrote ${name}`);
  }
}

function absent(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return '';
  throw error;
}

async function tables(): Promise<Readonly<Record<string, string>>> {
  const found: Record<string, string> = {};
  for (const [charm, folder] of Object.entries(charms) as [Charm, string][]) {
    found[`options of ${charm}`] = optionsTable(documentedOptions(charm));
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
