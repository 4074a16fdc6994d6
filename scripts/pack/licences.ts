/** Collects the licence texts of the packages in a bundle: nearly all licences ask that they travel along. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { repository } from './places.ts';

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
}

/** One text with a part for each package folder, each with the package's name, version and licence texts. */
export async function licenceTexts(packages: readonly string[]): Promise<string> {
  const parts = await Promise.all(packages.map((folder) => licenceText(join(repository, folder))));
  return parts.join(`\n${'='.repeat(80)}\n\n`);
}

async function licenceText(folder: string): Promise<string> {
  const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as Manifest;
  const names = (await readdir(folder)).filter((name) => /^((un)?licen[cs]e|copying|notice)/i.test(name)).sort();
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
  if (texts.length === 0) throw new Error(`${folder} has no licence file; it says ${manifest.license ?? 'nothing'}`);
  return `${manifest.name} ${manifest.version} (${manifest.license})\n\n${texts.map((text) => `${text.trim()}\n`).join('\n')}`;
}
