/** Reads the catalogues of controls as they are kept, and checks them: what is wrong is found when a charm is packed, not on a unit. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { CATALOGUES, type Catalogue, type CatalogueName } from '../../src/capabilities/hardening/catalogue.ts';
import type { Control } from '../../src/capabilities/hardening/control.ts';
import { repository } from '../pack/places.ts';
import { registerSchemaValidators } from '../schema-validators-in-node.ts';
import { catalogueProblems } from './rules.ts';

export type Catalogues = Readonly<Record<CatalogueName, Catalogue>>;

/** Throws with all that is wrong in any of them. */
export async function readCatalogues(): Promise<Catalogues> {
  const given = await Promise.all(CATALOGUES.map(async (name) => [name, await parsed(name)] as const));
  const malformed = (await Promise.all(given.map(([name, value]) => schemaProblems(name, value)))).flat();
  if (malformed.length > 0) throw new Error(malformed.join('\n'));
  const catalogues = Object.fromEntries(given) as unknown as Catalogues;
  const problems = catalogueProblems(CATALOGUES.flatMap((name) => catalogues[name].controls));
  if (problems.length > 0) throw new Error(problems.map((problem) => `charm/hardening: ${problem}`).join('\n'));
  return catalogues;
}

/** What a unit reads; a worker is given only what is looked at on workers. */
export function catalogueJson({ controls }: Catalogue, role: 'control-plane' | 'worker'): string {
  if (role === 'control-plane') return JSON.stringify({ controls } satisfies Catalogue);
  const onWorkers = controls.filter(({ places }) => places.includes('worker'));
  const elsewhere = controls
    .filter((control) => !onWorkers.includes(control))
    .map(({ id, numbers, formerly }) => ({ id, numbers, ...(formerly === undefined ? {} : { formerly }) }));
  return JSON.stringify({ controls: onWorkers, elsewhere } satisfies Catalogue);
}

async function parsed(name: CatalogueName): Promise<unknown> {
  return parse(await readFile(join(repository, 'charm/hardening', `${name}.yaml`), 'utf8'));
}

/** One sentence for each place where a value is not of the language. */
export async function schemaProblems(name: string, value: unknown): Promise<readonly string[]> {
  registerSchemaValidators();
  const { validate } = await import('../../src/capabilities/hardening/catalogue.schema.json?validator');
  return validate(value).map(({ path, message }) => `charm/hardening/${name}.yaml: ${place(value, path)} ${message}`);
}

/** `admission-deny-service-external-ips/check/flag` says more than `/controls/23/check/flag`. */
function place(value: unknown, path: string): string {
  const [, index, rest] = /^\/controls\/(\d+)(.*)$/.exec(path) ?? [];
  if (index === undefined) return path === '' ? 'it' : path;
  const id = (value as { controls: readonly Partial<Control>[] }).controls[Number(index)]?.id;
  return `${id ?? `control ${Number(index) + 1}`}${rest}`;
}
