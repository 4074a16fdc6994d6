/** Guards what makes a dispatch cheap and does not depend on how fast a machine is: what it asks, what it loads, how much memory it takes. */

import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packedArchives } from '../archives.ts';
import type { DispatchRecord } from '../standins/juju/hook-run.ts';
import type { RemoteApplication } from '../standins/juju/remote-application.ts';
import { deployCluster, openCluster, settleUntil, type TestCluster } from './cluster.ts';
import { addWorkers, integrateWorkers, RELATION } from './many-workers.ts';
import { spoil } from './spoilt-program.ts';

const WITHIN_MS = 120_000;
const MOST_KB = 100 * 1024;

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await openCluster({ dispatch: 'process' });
  await deployCluster(cluster, { controlPlanes: 1, workers: 1 });
  cluster.model.measureMemory = true;
}, WITHIN_MS);

afterAll(() => cluster.close());

/** The one dispatch that the cause has; it must end well. */
async function dispatched(unit: string, event: string, cause: () => void): Promise<DispatchRecord> {
  const { model } = cluster;
  const before = model.dispatches.length;
  cause();
  await model.settle({ timeoutMs: WITHIN_MS });
  const [record, ...others] = model.dispatches.slice(before);
  expect([others.length, record?.unit, record?.event, record?.exitCode]).toEqual([0, unit, event, 0]);
  return record as DispatchRecord;
}

const tools = ({ calls }: DispatchRecord): readonly string[] => calls.map(({ tool }) => tool).toSorted();

describe('a dispatch that changes nothing', () => {
  it.each([
    ['k8s/0', 12],
    ['k8s-worker/0', 8],
  ])('on %s only reads, with few hook tools and little memory', async (unit, most) => {
    const record = await dispatched(unit, 'hooks/update-status', () => cluster.model.updateStatus(unit));
    expect(
      tools(record).filter((tool) => !/^(config-get|is-leader|network-get|relation-|state-get)/.test(tool)),
    ).toEqual([]);
    expect(record.calls.map(({ tool, args }) => [tool, ...args].join(' ')).toSorted()).toEqual(
      [...new Set(record.calls.map(({ tool, args }) => [tool, ...args].join(' ')))].toSorted(),
    );
    expect(record.calls.length).toBeLessThanOrEqual(most);
    expect(record.maxRssKb).toBeLessThan(MOST_KB);
  });

  it('starts no process for a hook tool, unless the operator says so on the machine', async () => {
    const { model } = cluster;
    const channels = async () => {
      const record = await dispatched('k8s/0', 'hooks/update-status', () => model.updateStatus('k8s/0'));
      return new Set(record.calls.map(({ channel }) => channel));
    };
    expect(await channels()).toEqual(new Set(['socket']));
    const settings = join(model.unit('k8s/0').machine.root, 'etc/default/k8s-charm');
    await mkdir(dirname(settings), { recursive: true });
    await writeFile(settings, '# For now.\nK8S_CHARM_HOOK_TOOLS=executables\n');
    expect(await channels()).toEqual(new Set(['executable']));
    await rm(settings);
    expect(await channels()).toEqual(new Set(['socket']));
  });

  it('loads neither X.509 nor what starts other programs', async () => {
    const spoilt = await spoil(cluster, 'k8s/0', /x509|reflect-metadata|exec|run-action|snapd-upload|read-examined/);
    expect(spoilt).toContain('exec-transport.cjs');
    expect(spoilt.length).toBeGreaterThanOrEqual(7);
    await dispatched('k8s/0', 'hooks/update-status', () => cluster.model.updateStatus('k8s/0'));
  });
});

describe('a dispatch that changes nothing while a mode is on', () => {
  it(
    'loads neither YAML nor what only an assessment needs, and tells the score',
    async () => {
      const hardened = await openCluster({ dispatch: 'process' });
      try {
        const { model } = hardened;
        const isCounted = () => /CIS node \d+\/\d+/.test(model.unit('k8s/0').workload.message);
        await deployCluster(hardened, { controlPlanes: 1, workers: 0 }, { 'cis-mode': true });
        await settleUntil(model, isCounted);
        const spoilt = await spoil(hardened, 'k8s/0', /x509|execa|yaml|assessment|count-scores|run-action|-schema/);
        expect(spoilt.length).toBeGreaterThanOrEqual(7);
        const before = model.dispatches.length;
        model.updateStatus('k8s/0');
        await model.settle({ timeoutMs: WITHIN_MS });
        expect(model.dispatches.slice(before).map(({ event, exitCode }) => [event, exitCode])).toEqual([
          ['hooks/update-status', 0],
        ]);
        expect(isCounted()).toBe(true);
      } finally {
        await hardened.close();
      }
    },
    WITHIN_MS,
  );
});

describe('many workers', () => {
  let workers: RemoteApplication;
  const asked: (readonly string[])[] = [];

  beforeAll(async () => {
    workers = await integrateWorkers(cluster.model, 'many');
  }, WITHIN_MS);

  it.each([3, 100, 1000])(
    'cost a dispatch about one of %i no more hook tools, and not too much memory',
    async (total) => {
      const { k8s } = await packedArchives();
      await addWorkers(cluster.model, workers, { total, like: 'k8s-worker/0', archive: k8s });
      expect(cluster.model.status().applications['k8s']?.status.message).toBe(
        `1 control-plane node, ${total + 1} workers`,
      );
      const record = await dispatched('k8s/0', 'hooks/k8s-cluster-relation-changed', () =>
        workers.setUnitBag(RELATION, 'many/1', { news: String(total) }),
      );
      asked.push(tools(record));
      expect(asked.at(-1)).toEqual(asked[0]);
      expect(record.maxRssKb).toBeLessThan(MOST_KB);
    },
    WITHIN_MS,
  );

  it('are no reason to load the Kubernetes client', async () => {
    const spoilt = await spoil(cluster, 'k8s/0', /kubernetes|yaml/);
    expect(spoilt).toEqual(expect.arrayContaining(['open-kubernetes.cjs', 'yaml.cjs']));
    await dispatched('k8s/0', 'hooks/k8s-cluster-relation-changed', () =>
      workers.setUnitBag(RELATION, 'many/1', { news: 'last' }),
    );
  });
});
