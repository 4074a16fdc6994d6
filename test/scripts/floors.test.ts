/** Guards the guard: each rule about who may import whom is broken once, and the checker has to say so. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readModules } from '../../scripts/floors/modules.ts';
import { violations } from '../../scripts/floors/rules.ts';

/** A house in order, in which everything that is allowed happens once. */
const inOrder = {
  'src/main.ts':
    "import { charms } from './charms.ts';\nimport { run } from './engine/run.ts';\nimport { juju } from './clients/juju/juju.ts';\nrun(charms, juju);\n",
  'src/charms.ts':
    "import { join } from './capabilities/cluster/join.ts';\nimport { gate } from './engine/run.ts';\nexport const charms = [join, gate];\n",
  'src/engine/run.ts':
    "import type { Words } from '../core/words.ts';\nimport { host } from '../clients/host/host.ts';\nexport const gate = 1;\nexport const run = (...x: Words[]) => [x, host];\n",
  'src/capabilities/cluster/join.ts':
    "import type { Words } from '../../core/words.ts';\nexport type W = Words;\nimport type { K8sd } from '../../clients/k8sd/k8sd.ts';\nimport { validate } from './wire.schema.json?validator';\nexport const join = (...all: unknown[]): K8sd => validate(all);\n",
  'src/capabilities/cluster/wire.schema.json': '{}',
  'src/core/words.ts': "import type { K8sd } from '../clients/k8sd/k8sd.ts';\nexport type Words = K8sd;\n",
  'src/capabilities/certificates/x509.ts': "export const x509 = () => import('@peculiar/x509');\n",
  'src/clients/juju/juju.ts':
    "import { readFile } from 'node:fs/promises';\nimport { execa } from 'execa';\nexport const juju = [readFile, execa];\n",
  'src/clients/k8sd/k8sd.ts': 'export type K8sd = number;\n',
  'src/clients/kubernetes/kubernetes.ts': 'export type Kubernetes = number;\n',
  'src/clients/host/host.ts': "import { CLOCK } from '../../time/clock.ts';\nexport const host = CLOCK;\n",
  'src/time/clock.ts': 'export const CLOCK = { now: () => new Date() };\n',
};

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'floors-'));
  await write(inOrder);
});

afterEach(() => rm(root, { recursive: true }));

async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
}

async function found(): Promise<readonly string[]> {
  return violations(await readModules(root));
}

describe('the checker of the floors', () => {
  it('has nothing to say of a house in order', async () => {
    expect(await found()).toEqual([]);
  });

  it.each<[string, string, string, string]>([
    [
      'a capability that imports another',
      'src/capabilities/cluster/x.ts',
      "import '../certificates/x509.ts';",
      'no capability imports another',
    ],
    [
      'databags of remote units that nobody has looked at',
      'src/capabilities/cluster/x.ts',
      "export const read = (juju: { remoteBags(id: string): unknown }) => juju.remoteBags('a:1');",
      'src/capabilities/cluster/x.ts reads databags of remote units past src/core/remote-units.ts',
    ],
    [
      'a type of another capability',
      'src/capabilities/cluster/x.ts',
      "import type { A } from '../access/a.ts';",
      'no capability imports another',
    ],
    [
      'a type written in place',
      'src/capabilities/cluster/x.ts',
      "export type A = import('../access/a.ts').A;",
      'no capability imports another',
    ],
    [
      'an export of another capability',
      'src/capabilities/access/x.ts',
      "export * from '../hardening/a.ts';",
      'no capability imports another',
    ],
    [
      'a lazy import of another capability',
      'src/capabilities/access/x.ts',
      "await import('../cluster/join.ts');",
      'no capability imports another',
    ],
    [
      'a capability that imports the engine',
      'src/capabilities/cluster/x.ts',
      "import '../../engine/run.ts';",
      'capabilities imports only core, clients',
    ],
    [
      'an engine that knows a capability',
      'src/engine/x.ts',
      "import type { A } from '../capabilities/cluster/join.ts';",
      'engine imports only core, clients',
    ],
    ['an engine that knows the table', 'src/engine/x.ts', "import '../charms.ts';", 'engine imports only core'],
    ['main that goes round the table', 'src/main.ts', "import './capabilities/cluster/join.ts';", 'main imports only'],
    [
      'core/ that imports a capability',
      'src/core/x.ts',
      "import '../capabilities/cluster/join.ts';",
      'imports only itself',
    ],
    ['core/ that runs code of a client', 'src/core/x.ts', "import { a } from '../clients/host/a.ts';", 'only types of'],
    ['a clock that imports core/', 'src/time/x.ts', "import '../core/words.ts';", 'time imports only itself'],
    ['another clock', 'src/core/x.ts', 'export const now = Date.now();', 'waiting, is of src/time/clock.ts'],
    [
      'waiting past the clock',
      'src/clients/host/x.ts',
      "import { setTimeout as wait } from 'node:timers/promises';",
      'has setTimeout as',
    ],
    ['a client that imports core/', 'src/clients/host/x.ts', "import '../../core/words.ts';", 'a client knows nothing'],
    ['a client that imports a client', 'src/clients/juju/x.ts', "import '../host/host.ts';", 'a client knows nothing'],
    [
      'a client that imports a capability',
      'src/clients/k8sd/x.ts',
      "import '../../capabilities/cluster/join.ts';",
      'a client knows nothing',
    ],
    ['a folder that is no part of the house', 'src/helpers/x.ts', "import '../core/words.ts';", 'no part of the house'],
    ['src/ that imports test/', 'src/clients/host/x.ts', "import '../../../test/machine.ts';", 'nothing outside it'],
    ['src/ that imports scripts/', 'src/engine/x.ts', "import '../../scripts/pack.ts';", 'nothing outside it'],
    ["a developer's package", 'src/core/x.ts', "import { expect } from 'vitest';", 'packages that a charm is made of'],
    ['ajv at run time', 'src/core/x.ts', "import Ajv from 'ajv/dist/2020.js';", 'packages that a charm is made of'],
    ['a built-in module without node:', 'src/core/x.ts', "import 'fs';", 'packages that a charm is made of'],
    ['an index', 'src/capabilities/cluster/index.ts', 'export {};', 'nothing is called index'],
    ['k8sd/ that speaks of Juju', 'src/clients/k8sd/x.ts', '// As Juju does.', 'never have heard of Juju'],
    [
      'juju/ that speaks of Kubernetes',
      'src/clients/juju/x.ts',
      'export const kubernetes = 1;',
      'never have heard of kubernetes',
    ],
    ['k8sd/ with a file named after Juju', 'src/clients/k8sd/juju-files.ts', 'export {};', 'never have heard of juju'],
    ['data of a client in another language', 'src/clients/k8sd/x.schema.json', '{"title":"juju"}', 'heard of juju'],
  ])('reports %s', async (_, path, text, sentence) => {
    await write({ [path]: `${text}\n` });
    const report = await found();
    expect(report).toHaveLength(1);
    expect(report[0]).toContain(path);
    expect(report[0]).toContain(sentence);
  });

  it('reports a cycle once, types included', async () => {
    await write({
      'src/core/c.ts': "import './a.ts';\n",
      'src/core/a.ts': "import type { B } from './b.ts';\nexport type A = B;\n",
      'src/core/b.ts': "import './c.ts';\nexport type B = 1;\n",
    });
    expect(await found()).toEqual([
      'src/core/a.ts -> src/core/b.ts -> src/core/c.ts -> src/core/a.ts: modules that import each other',
    ]);
  });

  it('refuses a module that it cannot follow', async () => {
    await write({ 'src/engine/x.ts': 'const name = "a";\nawait import(name);\n' });
    await expect(found()).rejects.toThrow('src/engine/x.ts');
  });
});
