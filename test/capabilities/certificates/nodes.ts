/** Stand-in machines with the clients of a dispatch on each, for walks through a refresh; and a way to end such a dispatch anywhere. */

import { join } from 'node:path';
import { applyCertificates } from '../../../src/capabilities/certificates/apply.ts';
import type { NodeIdentity } from '../../../src/capabilities/certificates/facts.ts';
import { observeCertificates } from '../../../src/capabilities/certificates/observe.ts';
import { DEFAULT_OPTIONS } from '../../../src/capabilities/certificates/options.ts';
import { planCertificates } from '../../../src/capabilities/certificates/plan.ts';
import { openHost } from '../../../src/clients/host/open-host.ts';
import type { Juju } from '../../../src/clients/juju/juju.ts';
import { openK8sd } from '../../../src/clients/k8sd/open-k8sd.ts';
import { openKubernetes } from '../../../src/clients/kubernetes/open-kubernetes.ts';
import type { Clients } from '../../../src/core/clients.ts';
import { type Agent, startAgent } from '../../clients/juju/agent.ts';
import { bootstrapped, discard, joined, newMachines } from '../../standins/machines/ask.ts';
import type { NodeMachine } from '../../standins/machines/machines.ts';
import { paths } from '../../standins/machines/node/paths.ts';

export interface TestNode {
  readonly agent: Agent;
  readonly machine: NodeMachine;
  readonly identity: NodeIdentity;
  /** One dispatch: `body` with the clients, then Juju's commit. Throws what the body throws. */
  dispatch<T>(body: (clients: Clients) => Promise<T>, spoil?: (clients: Clients) => Clients): Promise<T>;
  /** Looks, plans and applies until nothing is left to change, as a hook does. Gives what was done. */
  settle(spoil?: (clients: Clients) => Clients): Promise<readonly string[]>;
}

export const RELATION = 'k8s-cluster:1';
/** The same relation, as the worker's side calls it. */
export const WORKER_RELATION = 'cluster:1';

export function newNode(
  unit: string | Agent,
  machine: NodeMachine,
  identity: Partial<NodeIdentity> & Pick<NodeIdentity, 'role'>,
): TestNode {
  const agent = typeof unit === 'string' ? startAgent(unit) : unit;
  const full: NodeIdentity = {
    nodeName: machine.hostname,
    minor: 36,
    address: machine.address,
    boundAddresses: [machine.address],
    requiredSans: [],
    reserved: [],
    reservedRanges: [],
    leader: identity.role === 'control-plane',
    options: DEFAULT_OPTIONS,
    managers: {},
    workers: new Map(),
    workerAddresses: new Map(),
    ...identity,
  };
  const node: TestNode = {
    agent,
    machine,
    identity: full,
    async dispatch(body, spoil = (clients) => clients) {
      let result: { readonly value: Awaited<ReturnType<typeof body>> } | undefined;
      // After an upgrade the charm looks at all databags anew, so that a test may write into them as it likes.
      const { error } = await agent.dispatch({ JUJU_DISPATCH_PATH: 'hooks/upgrade-charm' }, async (juju) => {
        result = { value: await body(spoil(hurried(10)(doorsOf(machine, full, juju)))) };
      });
      if (error !== undefined) throw error;
      if (result === undefined) throw new Error('the dispatch had no end');
      return result.value;
    },
    settle: (spoil) =>
      node.dispatch(async (clients) => {
        const done: string[] = [];
        for (let round = 0; round < 10; round += 1) {
          const facts = await observeCertificates(clients, full);
          const { changes } = planCertificates(facts);
          if (changes.length === 0) return done;
          for (const change of changes) {
            done.push(change.kind);
            await applyCertificates(clients, facts, change);
          }
        }
        throw new Error(`no end of ${done.join(', ')}`);
      }, spoil),
  };
  return node;
}

function doorsOf(machine: NodeMachine, { role }: NodeIdentity, juju: Juju): Clients {
  const host = openHost(machine.root);
  const kubeconfig = role === 'control-plane' ? 'admin.conf' : 'kubelet.conf';
  return {
    juju,
    host,
    k8sd: (minor) => openK8sd({ socketPath: join(machine.root, paths.controlSocket), minor }),
    async kubernetes() {
      const text = await host.files.read(`${paths.kubernetes}/${kubeconfig}`);
      return text === undefined ? undefined : openKubernetes(text, { timeoutMs: 5_000 });
    },
  };
}

export interface TestPair {
  readonly machines: Awaited<ReturnType<typeof newMachines>>;
  readonly leader: TestNode;
  readonly worker: TestNode;
  close(): Promise<void>;
}

/** A control plane on machine `0` and a worker on machine `1`, related, on machines that are quick. */
export async function newPair(): Promise<TestPair> {
  const machines = await newMachines({
    signing: 20,
    heartbeat: 20,
    restartAfterRefresh: 20,
    restartGap: 10,
    serviceChange: 5,
  });
  const control = await bootstrapped(machines, '0');
  const worker = newNode('k8s-worker/0', await joined(machines, control, '1', { worker: true }), { role: 'worker' });
  const workers = new Map([[worker.agent.unit, worker.machine.hostname]]);
  const workerAddresses = new Map([[worker.agent.unit, [worker.machine.address]]]);
  const leader = newNode('k8s/0', control, { role: 'control-plane', workers, workerAddresses });
  relate(leader, [worker]);
  return {
    machines,
    leader,
    worker,
    async close() {
      for (const { agent } of [leader, worker]) agent.remove();
      await discard(machines);
    },
  };
}

/** Two relations' ends: what one side has written is what the other reads. */
export function relate(leader: TestNode, workers: readonly TestNode[]): void {
  const { listed } = leader.agent.relate(RELATION);
  listed.push(...workers.map(({ agent }) => agent.unit));
  for (const { agent } of workers) agent.relate(WORKER_RELATION).listed.push(leader.agent.unit);
  exchange(leader, workers);
}

/** Carries databags over, with the addresses that Juju puts into them. */
export function exchange(leader: TestNode, workers: readonly TestNode[]): void {
  const far = leader.agent.relations.get(RELATION);
  for (const { agent, machine } of workers) {
    const near = agent.relations.get(WORKER_RELATION);
    const own = near?.units.get(agent.unit) ?? {};
    far?.units.set(agent.unit, { 'ingress-address': machine.address, 'private-address': machine.address, ...own });
    near?.applications.set('k8s', { ...far?.applications.get('k8s') });
    near?.units.set(leader.agent.unit, { 'ingress-address': leader.machine.address });
  }
}

/** What ends a process: nothing catches it. */
export class Killed extends Error {}

/** Calls that change nothing do not count; a process that ends at them might as well have ended at the change before. */
const CHANGING: ReadonlySet<string> = new Set([
  'write',
  'remove',
  'restart',
  'refreshCertificates',
  'updateCertificates',
  'createCertificateRequest',
  'deleteCertificateRequest',
  'approve',
  'deny',
]);

export interface Kill {
  /** How many changing calls are let through. */
  readonly after: number;
  /** Counted from the end of the first call of this name on; by default from the beginning. */
  readonly from?: string;
}

/** Clients of a process that ends at its n-th changing call, before that has any effect. */
export function killed({ after, from }: Kill): (clients: Clients) => Clients {
  let left = after;
  let counting = from === undefined;
  let dead = false;
  const spend: Spend = async (name, call) => {
    if (counting) left -= 1;
    dead ||= left < 0;
    if (dead) throw new Killed('killed');
    const result = await call();
    counting ||= name === from;
    return result;
  };
  return (clients) => guarded(clients, spend);
}

/** A copy more or less makes no difference until the note is written, which counts. */
function isCopy(path: unknown): boolean {
  return typeof path === 'string' && path.startsWith('/var/lib/k8s-charm/certificates/before/');
}

type Spend = (name: string, call: () => Promise<unknown>) => Promise<unknown>;

function guarded<T extends object>(target: T, spend: Spend): T {
  return new Proxy(target, {
    get(object, key) {
      const value: unknown = Reflect.get(object, key);
      // Juju's side is committed by the end of the dispatch, or not at all.
      if (key === 'juju' || value === null) return value;
      if (typeof value === 'object') return guarded(value, spend);
      if (typeof value !== 'function') return value;
      const call = value as (...args: unknown[]) => unknown;
      if (CHANGING.has(String(key)))
        return (...args: unknown[]) =>
          isCopy(args[0]) ? call.apply(object, args) : spend(String(key), async () => call.apply(object, args));
      if (key === 'k8sd') return (...args: unknown[]) => guarded(call.apply(object, args) as object, spend);
      if (key === 'kubernetes')
        return async () => {
          const api = (await call.apply(object, [])) as object | undefined;
          return api && guarded(api, spend);
        };
      return call.bind(object);
    },
  });
}

/** Clients of a process for which time passes faster, so that what is waited for in vain is given up soon. */
export function hurried(factor: number): (clients: Clients) => Clients {
  const began = Date.now();
  return (clients) => ({
    ...clients,
    host: {
      ...clients.host,
      now: () => new Date(began + (Date.now() - began) * factor),
      sleep: (ms) => clients.host.sleep(Math.ceil(ms / factor)),
    },
  });
}
