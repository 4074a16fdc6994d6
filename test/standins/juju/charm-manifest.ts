/** `manifest.yaml`: the bases that a charm runs on. */

import { CharmRefused } from './charm-refused.ts';
import { describe, isMap, parseYamlMap, stringAt } from './charm-yaml.ts';

export interface Base {
  readonly name: string;
  /** `24.04` */
  readonly channel: string;
  readonly architectures: readonly string[];
}

const ARCHITECTURES = ['amd64', 'arm64', 'ppc64el', 's390x', 'riscv64'];
const FILE = 'manifest.yaml';

export function parseManifest(text: string): readonly Base[] {
  const bases = parseYamlMap(text, FILE)['bases'];
  if (bases === undefined || bases === null) return [];
  if (!Array.isArray(bases)) throw new CharmRefused(`${FILE}: bases: expected list, got ${describe(bases)}`);
  return bases.map((base, index) => parseBase(base, index));
}

function parseBase(base: unknown, index: number): Base {
  const what = `${FILE}: bases[${index}]`;
  if (!isMap(base)) throw new CharmRefused(`${what}: expected map, got ${describe(base)}`);
  const name = stringAt(base, 'name', what) ?? '';
  if (name !== 'ubuntu' && name !== 'centos') throw new CharmRefused(`${what}: os "${name}" not valid`);
  const channel = stringAt(base, 'channel', what);
  if (!channel) throw new CharmRefused(`${what}: channel not valid`);
  if (!/^[0-9]+(\.[0-9]+)?(\/[a-z]+)?$/.test(channel))
    throw new CharmRefused(`${what}: channel "${channel}" not valid`);
  const architectures = base['architectures'] ?? [];
  if (!Array.isArray(architectures)) throw new CharmRefused(`${what}: architectures: expected list`);
  for (const architecture of architectures) {
    if (!ARCHITECTURES.includes(architecture)) {
      throw new CharmRefused(`${what}: architecture "${architecture}" not valid`);
    }
  }
  return { name, channel: channel.replace(/\/.*$/, ''), architectures };
}
