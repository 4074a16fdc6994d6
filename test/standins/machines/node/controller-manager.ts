/**
 * kube-controller-manager and kube-scheduler, as far as a charm can see them: they write into their lease that they lead as soon as nobody
 * else does. The controller manager reads what its controllers need only then; what it cannot read ends it, long after it was started. They
 * leave their lease behind when they end (the gate ControllerManagerReleaseLeaderElectionLockOnExit is off by default), so that the next one
 * waits for the lease to run out.
 */

import { createPrivateKey, randomUUID, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { at } from '../json.ts';
import { ApiUnreachable } from '../kubernetes/objects.ts';
import { typeOf } from '../kubernetes/resources.ts';
import { parseCertificates } from '../pki/parse.ts';
import type { NodeMachine } from './machine.ts';
import type { Arguments, Ended, Stop } from './services.ts';

const LEASES = typeOf('leases');
const NAMESPACE = 'kube-system';

export function startControllerManager(machine: NodeMachine, values: Arguments, ended: Ended): Promise<Stop> {
  return startElected('kube-controller-manager', { machine, values, ended, atWork: unreadable });
}

export function startScheduler(machine: NodeMachine, values: Arguments, ended: Ended): Promise<Stop> {
  return startElected('kube-scheduler', { machine, values, ended, atWork: async () => undefined });
}

interface Elected {
  readonly machine: NodeMachine;
  readonly values: Arguments;
  readonly ended: Ended;
  /** What ends it once it leads, in its words. */
  readonly atWork: (machine: NodeMachine, values: Arguments) => Promise<string | undefined>;
}

async function startElected(name: string, { machine, values, ended, atWork }: Elected): Promise<Stop> {
  const identity = `${machine.hostname}_${randomUUID()}`;
  const elects = values['--leader-elect'] !== 'false';
  const seconds = Number.parseInt(values['--leader-elect-lease-duration'] ?? '15', 10);
  let stopped = false;
  let leads = false;

  const turn = async (): Promise<void> => {
    if (elects && !(await hold(machine, { name, identity, seconds }))) return;
    if (leads) return;
    leads = true;
    const problem = await atWork(machine, values);
    if (problem === undefined) return;
    machine.timers.after(machine.site.delays.controllersStart, async () => {
      if (stopped) return;
      stopped = true;
      ended(problem);
    });
  };

  const loop = async (): Promise<void> => {
    while (!stopped && !machine.timers.stopped) {
      try {
        if (machine.state.k8sd.member !== undefined) await turn();
      } catch (error) {
        // Its API server does not answer, or somebody else was quicker: it tries again.
        if (!(error instanceof ApiUnreachable) && !isRefusal(error)) machine.site.fail(error);
      }
      await machine.timers.pause(machine.site.delays.leaderRetry);
    }
  };
  void loop();
  return async () => {
    stopped = true;
  };
}

function isRefusal(error: unknown): boolean {
  return typeof at(error, 'code') === 'number';
}

interface Claim {
  readonly name: string;
  readonly identity: string;
  readonly seconds: number;
}

/** Takes or renews the lease. @returns whether it is ours. */
async function hold(machine: NodeMachine, { name, identity, seconds }: Claim): Promise<boolean> {
  const cluster = machine.state.k8sd.member?.cluster;
  if (cluster === undefined || !machine.site.api(cluster).answers(machine)) return false;
  const objects = machine.site.objects(cluster);
  const lease = await objects.find(LEASES, NAMESPACE, name);
  const holder = at(lease, 'spec', 'holderIdentity');
  const until = Date.parse(String(at(lease, 'spec', 'renewTime'))) + seconds * 1000;
  if (holder !== identity && typeof holder === 'string' && holder !== '' && Date.now() < until) return false;
  const now = new Date().toISOString().replace('Z', '000Z');
  await objects.ensure(LEASES, {
    metadata: { name, namespace: NAMESPACE },
    spec: {
      holderIdentity: identity,
      leaseDurationSeconds: seconds,
      acquireTime: holder === identity ? at(lease, 'spec', 'acquireTime') : now,
      renewTime: now,
    },
  });
  return true;
}

/** What controllers read when they are started, in the words of kube-controller-manager 1.36; undefined when all can be read. */
async function unreadable(machine: NodeMachine, values: Arguments): Promise<string | undefined> {
  const read = async (flag: string): Promise<string | undefined> => {
    const path = values[flag];
    return path === undefined ? undefined : ((await machine.files.read(path)) ?? '');
  };
  const key = await read('--service-account-private-key-file');
  if (key !== undefined && !isPrivateKey(key))
    return `error reading key for service account token controller: open ${values['--service-account-private-key-file']}: no such file or directory`;
  const rootCa = await read('--root-ca-file');
  if (rootCa !== undefined && !isCertificate(rootCa))
    return `error parsing root-ca-file at ${values['--root-ca-file']}: data does not contain any valid RSA or ECDSA certificates`;
  const [certificate, signing] = [await read('--cluster-signing-cert-file'), await read('--cluster-signing-key-file')];
  if (certificate !== undefined) {
    const file = `failed to init kubernetes.io/kubelet-serving certificate controller: error reading CA cert file "${values['--cluster-signing-cert-file']}"`;
    // It signs with one certificate (pkg/controller/certificates/signer/ca_provider.go of kubernetes/kubernetes).
    const found = parseCertificates(certificate).length;
    if (found !== 1) return `${file}: expected 1 certificate, found ${found}`;
    if (!isPrivateKey(signing ?? ''))
      return `${file}: open ${values['--cluster-signing-key-file']}: no such file or directory`;
  }
  const ranges = values['--allocate-node-cidrs'] === 'true' ? (values['--cluster-cidr'] ?? '').split(',') : [];
  if (ranges.some((range) => isIP(range.split('/')[0] ?? '') === 0)) return `invalid CIDR address: ${ranges.join(',')}`;
  return undefined;
}

function isPrivateKey(text: string): boolean {
  try {
    return createPrivateKey(text).type === 'private';
  } catch {
    return false;
  }
}

function isCertificate(text: string): boolean {
  try {
    return new X509Certificate(text).subject !== '';
  } catch {
    return false;
  }
}
