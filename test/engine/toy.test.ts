/** Guards that a capability is a folder and a line of the table: one that does everything is added, and all of it is seen on a cluster. */

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { ZipFile } from 'yazl';
import { configYaml } from '../../scripts/options/config-yaml.ts';
import { documented, documentedOptions } from '../../scripts/options/documented.ts';
import { charmOf } from '../../src/charms.ts';
import type { Charm } from '../../src/core/capability.ts';
import type { Role } from '../../src/core/role.ts';
import { openCluster, settleActive, settleUntil, type TestCluster, toldBy } from '../e2e/cluster.ts';
import { machineOf, runningArguments } from '../e2e/nodes.ts';
import { zipContent, zipEntries } from '../standins/juju/zip.ts';
import { TOY_DOCUMENTATION, TOY_OPTIONS, TUNE_FILE, toy } from './toy/capability.ts';

const UNITS = ['k8s/0', 'k8s/1', 'k8s/2'];

/** The table with one line more. */
function charms(role: Role): Charm {
  const charm = charmOf(role);
  return {
    ...charm,
    capabilities: [toy, ...charm.capabilities],
    optionsOf: (of) => ({ ...charm.optionsOf(of), ...TOY_OPTIONS }),
  };
}

/** What `npm run docs` would write, and an entry of `actions.yaml`. */
function changed(name: string, content: Buffer): Buffer | string {
  if (name === 'config.yaml')
    return configYaml({ ...documentedOptions('k8s'), ...documented('control-plane', TOY_OPTIONS, TOY_DOCUMENTATION) });
  if (name !== 'actions.yaml') return content;
  const sing = { description: 'Sings.', additionalProperties: false };
  return stringify({ ...(parse(content.toString()) as object), 'toy-sing': sing });
}

async function withToy(path: string, target: string): Promise<string> {
  const archive = await readFile(path);
  const zip = new ZipFile();
  for (const entry of zipEntries(archive).filter(({ name }) => !name.endsWith('/')))
    zip.addBuffer(Buffer.from(changed(entry.name, zipContent(archive, entry))), entry.name, { mode: entry.mode });
  zip.end();
  await writeFile(target, await buffer(zip.outputStream));
  return target;
}

describe('a capability that is added', { timeout: 240_000 }, () => {
  let cluster: TestCluster;
  const tunes = () => Promise.all(UNITS.map((unit) => machineOf(cluster, unit).files.read(TUNE_FILE)));

  beforeAll(async () => {
    cluster = await openCluster({ charms });
    const archive = await withToy(cluster.archives.k8s, join(cluster.directory, 'k8s-toy.charm'));
    await cluster.model.deploy(archive, { application: 'k8s', units: 3 });
    await settleActive(cluster.model);
  }, 240_000);

  afterAll(() => cluster.close());

  it('has its option in the YAML that Juju reads', () => {
    expect(cluster.model.config('k8s')).toMatchObject({ 'toy-tune': { value: '', source: 'default' } });
  });

  it('changes each node in turn, with its flag on the API server, and is heard in the status', async () => {
    const { model } = cluster;
    await model.configure('k8s', { 'toy-tune': 'march' });
    await settleActive(model);
    expect(await tunes()).toEqual(['march', 'march', 'march']);
    for (const unit of UNITS) {
      expect(runningArguments(cluster, unit, 'kube-apiserver')).toMatchObject({ '--vmodule': 'march=3' });
      expect(toldBy(model, unit)).toContain('plays march');
    }
    const log = model.log().map(({ message }) => message);
    expect(log.filter((message) => message.includes('grant the rollout lock')).length).toBeGreaterThanOrEqual(3);
  });

  it('has its action', async () => {
    expect(await cluster.model.run('k8s/1', 'toy-sing')).toMatchObject({
      status: 'completed',
      results: { tune: 'march' },
    });
  });

  it('is shown by plan before it is set', async () => {
    const { results } = await cluster.model.run('k8s/0', 'plan', { config: 'toy-tune=waltz' });
    expect(results['changes']).toMatch(/\d\. play waltz \(with the rollout lock\)/);
    expect(results['assumed']).toBe('toy-tune');
    expect(await tunes()).toEqual(['march', 'march', 'march']);
  });

  it('that fails on one unit is tried on no other', async () => {
    const { model } = cluster;
    await model.configure('k8s', { 'toy-tune': 'discord' });
    await settleUntil(model, () => UNITS.every((unit) => model.unit(unit).workload.status === 'blocked'));
    const told = UNITS.map((unit) => toldBy(model, unit));
    expect(
      told.filter((text) => /not tried here, since it failed on k8s\/\d: toy-tune: discord/.test(text)),
    ).toHaveLength(2);
    expect(told.filter((text) => /^blocked: toy-tune: discord was heard/.test(text))).toHaveLength(1);
    expect(await tunes()).toEqual(['march', 'march', 'march']);
    expect(cluster.machines.failures).toEqual([]);
  });
});
