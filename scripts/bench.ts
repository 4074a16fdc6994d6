/**
 * `npm run bench`: what a dispatch costs when nothing has to change, as medians of several runs: wall time, peak memory and the number of
 * hook tools; and how large the archives are. Runs the packed charms on a local model, whose hook tools answer at once.
 */
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { packedArchives } from '../test/archives.ts';
import { openMachines } from '../test/k8sd/machines.ts';
import { Model } from '../test/model/model.ts';
import { table } from '../test/model/status-tables.ts';
import { architectures } from './pack/runtime.ts';

const runs = 9;
const sizes = [3, 100, 1000];
const tenMinutes = 600_000;

const rows: string[][] = [];
for (const size of [0, ...sizes])
  await withCluster((model) => (size === 0 ? measureIdle(model) : measureRelation(model, size)));
console.log(`${cpus().length} cores, ${cpus()[0]?.model}; medians of ${runs} runs\n`);
console.log(`${table(['Dispatch', 'Unit', 'Wall ms', 'Peak MB', 'Hook tools'], rows)}\n`);
console.log(table(['Archive', 'MB'], await archiveSizes()));

async function measureIdle(model: Model): Promise<void> {
  for (const unit of ['k8s/0', 'k8s-worker/0']) {
    await measure(model, 'update-status', 'hooks/update-status', unit, () => model.updateStatus(unit));
  }
}

/** One of many remote units writes something that is no business of the charm's; all others are as they were. */
async function measureRelation(model: Model, units: number): Promise<void> {
  const remote = model.addRemoteApplication('many', {
    endpoints: { cluster: { interface: 'k8s-cluster', role: 'requirer' } },
    units,
  });
  await model.integrate('k8s:k8s-cluster', 'many:cluster');
  await model.settle({ timeoutMs: tenMinutes });
  let count = 0;
  await measure(model, `relation-changed, ${units} remote units`, 'hooks/k8s-cluster-relation-changed', 'k8s/0', () => {
    count += 1;
    remote.setUnitBag('cluster', 'many/0', { benchmark: String(count) });
  });
}

async function measure(model: Model, title: string, event: string, unit: string, cause: () => void): Promise<void> {
  const records: { wallMs: number; maxRssKb: number; calls: number }[] = [];
  // The first run fills Node's compile cache, as the first dispatch of a unit does.
  for (let run = 0; run <= runs; run += 1) {
    const before = model.dispatches.length;
    cause();
    await model.settle({ timeoutMs: tenMinutes });
    const found = model.dispatches.slice(before).filter((one) => one.unit === unit && one.event === event);
    const [record] = found;
    if (record?.exitCode !== 0 || found.length !== 1)
      throw new Error(`${found.length} dispatches of ${event} on ${unit}, of which one was to succeed`);
    if (record.maxRssKb === undefined) throw new Error('the kernel does not tell the memory of a process');
    if (run > 0) records.push({ wallMs: record.wallMs, maxRssKb: record.maxRssKb, calls: record.calls.length });
  }
  rows.push([
    title,
    unit,
    median(records.map((one) => one.wallMs)).toFixed(0),
    (median(records.map((one) => one.maxRssKb)) / 1024).toFixed(0),
    String(median(records.map((one) => one.calls))),
  ]);
}

async function withCluster(work: (model: Model) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'kc-'));
  const archives = await packedArchives();
  const provider = await openMachines({ directory: join(directory, 'machines') });
  const model = await Model.create({ directory: join(directory, 'model'), provider });
  try {
    await model.deploy(archives.k8s, { application: 'k8s' });
    await model.deploy(archives.worker, { application: 'k8s-worker' });
    await model.integrate('k8s:k8s-cluster', 'k8s-worker:cluster');
    const until = () => Object.values(model.state.units).every((unit) => unit.workload.status === 'active');
    await model.settle({ timeoutMs: tenMinutes, until, updateStatusEveryMs: 2_000 });
    model.measureMemory = true;
    await work(model);
  } finally {
    await model.close();
    await rm(directory, { recursive: true, force: true });
  }
}

async function archiveSizes(): Promise<readonly string[][]> {
  const paths: string[] = [];
  for (const architecture of architectures) {
    const { k8s, worker } = await packedArchives(architecture);
    paths.push(k8s, worker);
  }
  return await Promise.all(paths.map(async (path) => [basename(path), ((await stat(path)).size / 1e6).toFixed(1)]));
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
