/**
 * `npm run bench`: what a dispatch costs when nothing has to change: wall time, peak memory and the number of hook tools; and how large
 * the archives are. Runs the packed charms on a local model, whose hook tools answer at once, in one cluster that it builds itself.
 */
import { execFile } from 'node:child_process';
import { readFileSync, utimesSync } from 'node:fs';
import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { takeInventory } from '../src/capabilities/certificates/inventory/remembered.ts';
import { assess } from '../src/capabilities/hardening/assess.ts';
import { CATALOGUES, catalogueOf, controlsOf } from '../src/capabilities/hardening/catalogue.ts';
import { observeNode } from '../src/capabilities/hardening/observe-node.ts';
import { openHost } from '../src/clients/host/open-host.ts';
import { agentSocketOf, openSocketTransport } from '../src/clients/juju/agent-socket/socket-transport.ts';
import { createExecTransport } from '../src/clients/juju/exec-transport.ts';
import type { Transport } from '../src/clients/juju/transport.ts';
import { type Archives, packedArchives } from '../test/archives.ts';
import { watchedCluster } from '../test/capabilities/hardening/policies/cluster.ts';
import { ON_UNIT } from '../test/capabilities/hardening/subject.ts';
import { deployCluster, openCluster, settleActive, type TestCluster } from '../test/e2e/cluster.ts';
import { addWorkers, integrateWorkers, RELATION } from '../test/e2e/many-workers.ts';
import { holdContext } from '../test/standins/juju/held-context.ts';
import type { DispatchRecord } from '../test/standins/juju/hook-run.ts';
import type { Model } from '../test/standins/juju/model.ts';
import { table } from '../test/standins/juju/status-tables.ts';
import { populate } from '../test/standins/machines/populate.ts';
import type { PolicyFigures } from './bench/policies.ts';
import { readCatalogues } from './catalogues/read.ts';
import { architectures } from './pack/runtime.ts';

const runs = 15;
/** Milliseconds that a hook tool takes as a process on a real unit, as a program of Node sees it. */
const hookToolMs = 7;
const sizes = [3, 100, 1000];
/** Each takes a second. */
const looks = 5;

const rows: string[][] = [];
const archives = await packedArchives();
const cluster = await openCluster({ dispatch: 'process' });
try {
  await deployCluster(cluster, { controlPlanes: 1, workers: 1 });
  cluster.model.measureMemory = true;
  await measureRuntime(cluster);
  await measureIdle(cluster.model);
  await measureWays(cluster.model);
  await measureHardened(cluster.model);
  await measureInventory(cluster.model);
  await measureAssessment(cluster.model);
  await measureRelation(cluster.model, archives);
  await measurePolicies(join(cluster.directory, 'agents/unit-k8s-0/charm'));
} finally {
  await cluster.close();
}
const load = loadavg()[0]?.toFixed(1);
console.log(`${cpus().length} cores, ${cpus()[0]?.model}, load ${load}. Median of ${runs} runs (least to most).\n`);
console.log(`${table(['Dispatch', 'Unit', 'Wall ms', 'Peak MB', 'Hook tools', 'Processor ms, mean'], rows)}\n`);
console.log(table(['Archive', 'MB'], await archiveSizes()));

/** The part of each dispatch that no charm can change: Node itself starts and ends. */
async function measureRuntime({ directory }: TestCluster): Promise<void> {
  const node = join(directory, 'agents/unit-k8s-0/charm/runtime/node');
  const times: number[] = [];
  for (let run = 0; run <= runs; run += 1) {
    const started = performance.now();
    await promisify(execFile)(node, ['--eval', '0']);
    if (run > 0) times.push(performance.now() - started);
  }
  rows.push(['(an empty program)', '', spread(times), '', '', '']);
}

async function measureIdle(model: Model): Promise<void> {
  for (const unit of ['k8s/0', 'k8s-worker/0']) {
    await measure(model, 'update-status', 'hooks/update-status', unit, () => model.updateStatus(unit));
  }
}

/** Hook tools over the agent's socket, and as processes that take as long as they do on a real unit: in turn, so that both meet the same machine. */
async function measureWays(model: Model): Promise<void> {
  const units = ['k8s/0', 'k8s-worker/0'];
  await measureHookTool(model);
  for (const unit of units) {
    const settings = join(model.machineRoot(unit), 'etc/default/k8s-charm');
    await mkdir(dirname(settings), { recursive: true });
    const figures = { socket: newFigures(), executables: newFigures() };
    for (let run = 0; run <= runs; run += 1) {
      for (const way of ['socket', 'executables'] as const) {
        await writeFile(settings, `K8S_CHARM_HOOK_TOOLS=${way}\n`);
        const measured = await dispatchOf(model, 'hooks/update-status', unit, () => model.updateStatus(unit));
        if (run > 0) note(figures[way], measured);
      }
    }
    await rm(settings);
    addRow('update-status, hook tools over the socket', unit, figures.socket);
    addRow(`update-status, hook tools as processes of ${hookToolMs} ms`, unit, figures.executables);
  }
  model.hookToolStartMs = 0;
}

/** One after the other, from Node, each way. Leaves those of the model that are processes as slow as they are on a real unit. */
async function measureHookTool(model: Model): Promise<void> {
  const context = await holdContext((script) => model.exec('k8s/0', script));
  try {
    const executables = createExecTransport(context.environment);
    for (let trial = 0; trial < 4; trial += 1)
      model.hookToolStartMs = Math.max(0, model.hookToolStartMs + hookToolMs - medianOf(await timesOf(executables)));
    const slow = await timesOf(executables);
    const socket = agentSocketOf(context.environment);
    if (socket === undefined) throw new Error('the model has no socket for hook tools');
    const transport = await openSocketTransport(socket);
    const fast = await timesOf(transport);
    transport.close();
    rows.push(['one hook tool as a process', '', precise(slow), '', '', '']);
    rows.push(['one hook tool over the socket', '', precise(fast), '', '', '']);
  } finally {
    await context.release();
  }
}

async function timesOf({ call }: Transport): Promise<readonly number[]> {
  const times: number[] = [];
  for (let run = 0; run <= 50; run += 1) {
    const started = performance.now();
    const { code } = await call('is-leader', ['--format=json']);
    if (code !== 0) throw new Error('is-leader failed');
    if (run > 0) times.push(performance.now() - started);
  }
  return times;
}

/** Nothing to change, with all that a mode looks at. */
async function measureHardened(model: Model): Promise<void> {
  const modes = { 'cis-mode': true, 'stig-mode': true };
  await model.configure('k8s', modes);
  await settleActive(model);
  for (const unit of ['k8s/0', 'k8s-worker/0'])
    await measure(model, 'update-status, both modes', 'hooks/update-status', unit, () => model.updateStatus(unit));
  await model.configure('k8s', {}, { reset: Object.keys(modes) });
  await settleActive(model);
}

/** Reading all certificates of a control plane: by itself, and in a dispatch that finds one of the files changed. */
async function measureInventory(model: Model): Promise<void> {
  const { root } = model.unit('k8s/0').machine;
  const { files } = openHost(root);
  const times: number[] = [];
  for (let run = 0; run <= runs; run += 1) {
    const started = performance.now();
    const { records } = await takeInventory(files, 'control-plane');
    if (run > 0) times.push(performance.now() - started);
    if (records.length < 16) throw new Error(`a control plane has more than ${records.length} certificates`);
  }
  rows.push(['inventory of a control plane', 'k8s/0', spread(times), '', '', '']);
  await measure(model, 'update-status, certificates changed', 'hooks/update-status', 'k8s/0', () => {
    const now = new Date();
    utimesSync(files.real('/etc/kubernetes/pki/apiserver.crt'), now, now);
    model.updateStatus('k8s/0');
  });
}

/** All controls of a control plane's node, of both benchmarks; and what a mode costs that has nothing to do. */
async function measureAssessment(model: Model): Promise<void> {
  const { root } = model.unit('k8s/0').machine;
  const catalogues = await readCatalogues();
  const all = CATALOGUES.flatMap((name) => catalogues[name].controls);
  const times: number[] = [];
  for (let run = 0; run <= runs; run += 1) {
    const started = performance.now();
    const known = { role: 'control-plane', version: '1.36.4', exemptNamespaces: [] } as const;
    const facts = await observeNode(openHost(root), all, known);
    const findings = (['cis-1.12', 'stig'] as const).flatMap((benchmark) => {
      const controls = controlsOf(catalogues[catalogueOf(benchmark)], benchmark, ['control-plane']);
      const input = { benchmark, controls, known: all, facts, waivers: [], api: undefined, now: new Date() };
      return assess({ ...input, ...ON_UNIT }).findings;
    });
    if (run > 0) times.push(performance.now() - started);
    if (findings.length < 150 || facts.units === undefined) throw new Error('not all was assessed');
  }
  rows.push(['assessment of a control plane', 'k8s/0', spread(times), '', '', '']);
  await model.configure('k8s', { 'cis-mode': true, 'stig-mode': true });
  const until = () => /CIS.*STIG/.test(model.unit('k8s/0').workload.message);
  await model.settle({ timeoutMs: 120_000, until, updateStatusEveryMs: 2_000 });
  await measure(model, 'update-status, both modes', 'hooks/update-status', 'k8s/0', () => model.updateStatus('k8s/0'));
  await model.configure('k8s', { 'cis-mode': false, 'stig-mode': false });
  await model.settle({ timeoutMs: 120_000 });
}

/** One of many workers writes something that means nothing to the charm; all others are as they were. */
async function measureRelation(model: Model, { k8s }: Archives): Promise<void> {
  const workers = await integrateWorkers(model, 'many');
  let count = 0;
  for (const total of sizes) {
    await addWorkers(model, workers, { total, like: 'k8s-worker/0', archive: k8s });
    await measure(model, `relation-changed, ${total} workers`, 'hooks/k8s-cluster-relation-changed', 'k8s/0', () => {
      count += 1;
      workers.setUnitBag(RELATION, 'many/0', { benchmark: String(count) });
    });
  }
}

/** The policies of a cluster with few pods and with many, which is there for nothing else; each look in a process of its own. */
async function measurePolicies(charm: string): Promise<void> {
  const { machine, store, close } = await watchedCluster();
  const kubeconfig = machine.files.real('/etc/kubernetes/admin.conf');
  for (const pods of [500, 5000]) {
    populate(store, { pods, roleBindings: 500 });
    const figures: PolicyFigures[] = [];
    for (let look = 0; look < looks; look += 1) {
      const one = await lookAtPolicies(kubeconfig, charm);
      if (one.controls < 40 || one.notEvaluated > 0) throw new Error(`${one.notEvaluated} controls were not evaluated`);
      figures.push(one);
    }
    const of = (field: 'milliseconds' | 'peakMb') => spread(figures.map((one) => one[field]));
    rows.push([
      `policies, ${pods} pods, 500 role bindings (${looks} runs)`,
      '',
      of('milliseconds'),
      of('peakMb'),
      '',
      '',
    ]);
  }
  await close();
}

async function lookAtPolicies(kubeconfig: string, charm: string): Promise<PolicyFigures> {
  const preload = join(import.meta.dirname, 'pinned-node.mjs');
  const script = join(import.meta.dirname, 'bench/policies.ts');
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', preload, script, kubeconfig, charm]);
  return JSON.parse(stdout) as PolicyFigures;
}

async function measure(model: Model, title: string, event: string, unit: string, cause: () => void): Promise<void> {
  const figures = newFigures();
  // The first run fills Node's compile cache, as the first dispatch of a unit does.
  for (let run = 0; run <= runs; run += 1) {
    const measured = await dispatchOf(model, event, unit, cause);
    if (run > 0) note(figures, measured);
  }
  addRow(title, unit, figures);
}

interface Figures {
  readonly walls: number[];
  readonly peaks: number[];
  readonly calls: number[];
  readonly processor: number[];
}

function newFigures(): Figures {
  return { walls: [], peaks: [], calls: [], processor: [] };
}

function note({ walls, peaks, calls, processor }: Figures, { record, processorMs }: Measured): void {
  if (record.maxRssKb === undefined) throw new Error('the kernel does not tell the memory of a process');
  walls.push(record.wallMs);
  peaks.push(record.maxRssKb / 1024);
  calls.push(record.calls.length);
  processor.push(processorMs);
}

function addRow(title: string, unit: string, { walls, peaks, calls, processor }: Figures): void {
  const mean = processor.reduce((sum, ms) => sum + ms, 0) / processor.length;
  rows.push([title, unit, spread(walls), spread(peaks), spread(calls), mean.toFixed(0)]);
}

interface Measured {
  readonly record: DispatchRecord;
  readonly processorMs: number;
}

/** The one dispatch that the cause has. */
async function dispatchOf(model: Model, event: string, unit: string, cause: () => void): Promise<Measured> {
  const before = model.dispatches.length;
  const processorBefore = processorMsOfChildren();
  cause();
  await model.settle({ timeoutMs: 60_000 });
  const found = model.dispatches.slice(before).filter((one) => one.unit === unit && one.event === event);
  const [record] = found;
  if (record?.exitCode !== 0 || found.length !== 1)
    throw new Error(`${found.length} dispatches of ${event} on ${unit}, of which one was to succeed`);
  return { record, processorMs: processorMsOfChildren() - processorBefore };
}

/** Processor time of all processes that this one has started and that have ended, with those that they have started: in ticks of 10 ms. */
function processorMsOfChildren(): number {
  const fields = readFileSync('/proc/self/stat', 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[13]) + Number(fields[14])) * 10;
}

function medianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

/** `6.9 (6.7 to 9.1)` */
function precise(values: readonly number[]): string {
  return `${medianOf(values).toFixed(2)} (${Math.min(...values).toFixed(2)} to ${Math.max(...values).toFixed(2)})`;
}

/** `120 (110 to 190)`, or the one value that all runs gave. */
function spread(values: readonly number[]): string {
  const sorted = values.map((value) => Math.round(value)).toSorted((a, b) => a - b);
  const [least, median, most] = [sorted[0], sorted[Math.floor(sorted.length / 2)], sorted.at(-1)];
  return least === most ? `${median}` : `${median} (${least} to ${most})`;
}

async function archiveSizes(): Promise<readonly string[][]> {
  const paths: string[] = [];
  for (const architecture of architectures) {
    const { k8s, worker } = await packedArchives(architecture);
    paths.push(k8s, worker);
  }
  return await Promise.all(paths.map(async (path) => [basename(path), ((await stat(path)).size / 1e6).toFixed(1)]));
}
