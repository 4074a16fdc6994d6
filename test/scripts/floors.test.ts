/** Guards the guard: each rule about who may import whom is broken once, and the checker has to say so. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readModules } from '../../scripts/floors/modules.ts';
import { violations } from '../../scripts/floors/rules.ts';

/** A house in order, in which everything that is allowed happens once. */
const inOrder = {
  'src/main.ts': "import { run } from './charm/run.ts';\nimport { juju } from './juju/juju.ts';\nrun(juju);\n",
  'src/charm/run.ts':
    "import { join } from '../cluster/index.ts';\nimport { host } from '../host/host.ts';\nexport const run = (x: unknown) => join(x, host);\n",
  'src/cluster/index.ts': "export { join } from './join.ts';\n",
  'src/cluster/join.ts':
    "import type { Words } from '../core/words.ts';\nexport type W = Words;\nimport type { K8sd } from '../k8sd/k8sd.ts';\nimport { validate } from './wire.schema.json?validator';\nexport const join = (...all: unknown[]): K8sd => validate(all);\n",
  'src/cluster/wire.schema.json': '{}',
  'src/core/words.ts': "import type { K8sd } from '../k8sd/k8sd.ts';\nexport type Words = K8sd;\n",
  'src/certificates/index.ts': "export const x509 = () => import('@peculiar/x509');\n",
  'src/juju/juju.ts':
    "import { readFile } from 'node:fs/promises';\nimport { execa } from 'execa';\nexport const juju = [readFile, execa];\n",
  'src/k8sd/k8sd.ts': 'export type K8sd = number;\n',
  'src/kubernetes/kubernetes.ts': 'export type Kubernetes = number;\n',
  'src/host/host.ts': 'export const host = 1;\n',
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
      'a domain that imports another',
      'src/cluster/x.ts',
      "import '../certificates/index.ts';",
      'no domain imports another',
    ],
    [
      'databags of remote units that nobody has looked at',
      'src/cluster/x.ts',
      "export const read = (juju: { remoteBags(id: string): unknown }) => juju.remoteBags('a:1');",
      'src/cluster/x.ts reads databags of remote units past src/core/remote-units.ts',
    ],
    [
      'a type of another domain',
      'src/cluster/x.ts',
      "import type { A } from '../access/index.ts';",
      'no domain imports another',
    ],
    [
      'a type written in place',
      'src/cluster/x.ts',
      "export type A = import('../access/index.ts').A;",
      'no domain imports another',
    ],
    [
      'an export of another domain',
      'src/access/x.ts',
      "export * from '../hardening/index.ts';",
      'no domain imports another',
    ],
    [
      'a lazy import of another domain',
      'src/access/x.ts',
      "await import('../cluster/index.ts');",
      'no domain imports another',
    ],
    ['a domain that imports charm/', 'src/cluster/x.ts', "import '../charm/run.ts';", 'only what is below it'],
    ['core/ that imports a domain', 'src/core/x.ts', "import '../cluster/index.ts';", 'only what is below it'],
    ['a door that imports core/', 'src/host/x.ts', "import '../core/words.ts';", 'a door stands on nothing'],
    ['charm/ that imports main', 'src/charm/x.ts', "import '../main.ts';", 'only what is below it'],
    ['a door that imports a door', 'src/juju/x.ts', "import '../host/host.ts';", 'a door stands on nothing'],
    ['a door that imports a domain', 'src/k8sd/x.ts', "import '../cluster/index.ts';", 'a door stands on nothing'],
    [
      'charm/ that goes round an index',
      'src/charm/x.ts',
      "import '../cluster/join.ts';",
      'entered through its index.ts',
    ],
    ['main that goes round an index', 'src/main.ts', "import './cluster/join.ts';", 'entered through its index.ts'],
    ['src/ that imports test/', 'src/host/x.ts', "import '../../test/model/machine.ts';", 'nothing outside it'],
    ['src/ that imports scripts/', 'src/charm/x.ts', "import '../../scripts/pack.ts';", 'nothing outside it'],
    ["a developer's package", 'src/host/x.ts', "import { expect } from 'vitest';", 'packages that a charm is made of'],
    ['ajv at run time', 'src/k8sd/x.ts', "import Ajv from 'ajv/dist/2020.js';", 'packages that a charm is made of'],
    ['a built-in module without node:', 'src/host/x.ts', "import 'fs';", 'packages that a charm is made of'],
    ['an index of a door', 'src/juju/index.ts', 'export {};', 'only a domain has an index.ts'],
    ['an index below a domain', 'src/cluster/join/index.ts', 'export {};', 'only a domain has an index.ts'],
    ['k8sd/ that speaks of Juju', 'src/k8sd/x.ts', '// As Juju does.', 'never have heard of Juju'],
    [
      'juju/ that speaks of Kubernetes',
      'src/juju/x.ts',
      'export const kubernetes = 1;',
      'never have heard of kubernetes',
    ],
    ['k8sd/ with a file named after Juju', 'src/k8sd/juju-files.ts', 'export {};', 'never have heard of juju'],
    ['data of a door in another language', 'src/k8sd/x.schema.json', '{"title":"juju"}', 'never have heard of juju'],
  ])('reports %s', async (_, path, text, sentence) => {
    await write({ [path]: `${text}\n` });
    const report = await found();
    expect(report).toHaveLength(1);
    expect(report[0]).toContain(path);
    expect(report[0]).toContain(sentence);
  });

  it('reports a cycle once, types included', async () => {
    await write({
      'src/host/c.ts': "import './a.ts';\n",
      'src/host/a.ts': "import type { B } from './b.ts';\nexport type A = B;\n",
      'src/host/b.ts': "import './c.ts';\nexport type B = 1;\n",
    });
    expect(await found()).toEqual([
      'src/host/a.ts -> src/host/b.ts -> src/host/c.ts -> src/host/a.ts: modules that import each other',
    ]);
  });

  it('refuses a module that it cannot follow', async () => {
    await write({ 'src/charm/x.ts': 'const name = "a";\nawait import(name);\n' });
    await expect(found()).rejects.toThrow('src/charm/x.ts');
  });
});
