/**
 * `npm start [-- --keep]`: packs both charms for this machine and shows their main job on a local model: deploy, integrate, configure,
 * refresh certificates. Fails if anything does not settle active.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { packedArchives } from '../test/archives.ts';
import { hasModel, sessionDirectory } from '../test/standins/juju/cli/session.ts';
import { Model } from '../test/standins/juju/model.ts';
import { formatStatus } from '../test/standins/juju/status-tables.ts';
import { openMachines } from '../test/standins/machines/machines.ts';

const { values } = parseArgs({ options: { keep: { type: 'boolean', default: false } } });
const session = {
  directory: sessionDirectory(process.env),
  print: (text: string) => void process.stdout.write(text),
  printError: (text: string) => void process.stderr.write(`${text}\n`),
};
const began = performance.now();

if (values.keep && hasModel(session)) {
  session.printError(`There is a kept model in ${session.directory}. Remove it with: npm run juju -- destroy-model`);
  process.exitCode = 1;
} else {
  const directory = values.keep ? session.directory : await mkdtemp(join(tmpdir(), 'kc-'));
  await demonstrateIn(directory);
}

async function demonstrateIn(directory: string): Promise<void> {
  try {
    say('packing both charms for this machine');
    const archives = await packedArchives();
    const provider = await openMachines({ directory: join(directory, 'machines') });
    const model = await Model.create({ directory: join(directory, 'model'), provider });
    try {
      await demonstrate(model, archives);
      say('everything settled active');
    } catch (error) {
      process.exitCode = 1;
      session.printError(error instanceof Error ? error.message : String(error));
    } finally {
      session.print(`\n${formatStatus(model.status(), { relations: true })}\n`);
      if (values.keep) await model.save();
      await model.close();
    }
  } finally {
    if (!values.keep) await rm(directory, { recursive: true, force: true });
  }
  if (values.keep) say('the model is kept; go on with: npm run juju -- status');
}

async function demonstrate(model: Model, archives: { readonly k8s: string; readonly worker: string }): Promise<void> {
  const stop = showStatuses(model);
  try {
    say('juju deploy k8s -n 3, juju deploy k8s-worker -n 2');
    await model.deploy(archives.k8s, { application: 'k8s', units: 3 });
    await model.deploy(archives.worker, { application: 'k8s-worker', units: 2 });
    say('juju integrate k8s:k8s-cluster k8s-worker:cluster');
    await model.integrate('k8s:k8s-cluster', 'k8s-worker:cluster');
    await settleActive(model);
    const config = { 'node-labels': 'tier=control', 'kube-apiserver-extra-args': 'max-requests-inflight=600' };
    say(
      `juju config k8s ${Object.entries(config)
        .map(([key, value]) => `${key}='${value}'`)
        .join(' ')}`,
    );
    await model.configure('k8s', config);
    await settleActive(model);
    for (const unit of ['k8s/0', 'k8s-worker/0']) {
      await runAction(model, unit, 'refresh-certs', { 'expires-in': '90d' });
      await settleActive(model);
      await runAction(model, unit, 'certs-status');
    }
    await settleActive(model);
  } finally {
    stop();
  }
}

async function runAction(model: Model, unit: string, action: string, parameters: Record<string, string> = {}) {
  const words = Object.entries(parameters).map(([key, value]) => ` ${key}=${value}`);
  say(`juju run ${unit} ${action}${words.join('')}`);
  const outcome = await model.run(unit, action, parameters, (line) => say(`  ${unit}: ${line}`));
  if (outcome.status !== 'completed') throw new Error(`${action} on ${unit} ${outcome.status}: ${outcome.message}`);
  for (const [key, value] of Object.entries(outcome.results))
    if (key !== 'return-code') session.print(`${key}:\n${show(value)}\n`);
}

function show(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value, undefined, 2);
}

async function settleActive(model: Model): Promise<void> {
  const until = () => Object.values(model.state.units).every((unit) => unit.workload.status === 'active');
  await model.settle({ timeoutMs: 120_000, until, updateStatusEveryMs: 2_000 });
}

/** Prints a unit's workload status whenever it is another than the last that was printed. Gives the end of it. */
function showStatuses(model: Model): () => void {
  const shown = new Map<string, string>();
  const look = () => {
    for (const { name, workload } of Object.values(model.status().units)) {
      const text = `${workload.status}${workload.message === '' ? '' : `: ${workload.message}`}`;
      if (shown.get(name) !== text) say(`  ${name} ${text}`);
      shown.set(name, text);
    }
  };
  const timer = setInterval(look, 100);
  return () => {
    clearInterval(timer);
    look();
  };
}

function say(text: string): void {
  session.print(`${((performance.now() - began) / 1000).toFixed(1).padStart(6)} s  ${text}\n`);
}
