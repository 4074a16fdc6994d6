/**
 * The kubelet: waits for the API server with the credentials of its kubeconfig, then serves port 10250 and reports its node.
 * Its certificate for serving is the one that was in the file when it could start serving.
 */

import { createServer } from 'node:https';
import { type Listening, listener, listenOnPort } from '../http/server.ts';
import { authenticateCertificate } from '../kubernetes/authenticate.ts';
import { reportNode } from '../kubernetes/nodes.ts';
import { parseCertificate } from '../pki/parse.ts';
import { readKubeconfig } from './kubeconfig.ts';
import type { NodeMachine } from './machine.ts';
import type { Arguments, Stop } from './services.ts';

const PORT = 10250;

const tuning: Readonly<Record<string, string>> = {
  'vm/overcommit_memory': '1',
  'vm/panic_on_oom': '0',
  'kernel/panic': '10',
  'kernel/panic_on_oops': '1',
  'kernel/keys/root_maxkeys': '1000000',
  'kernel/keys/root_maxbytes': '25000000',
};

export async function startKubelet(machine: NodeMachine, values: Arguments): Promise<Stop> {
  if (values['--protect-kernel-defaults'] === 'true') await requireTuning(machine);
  const certificate = parseCertificate(
    readKubeconfig(await machine.files.need(values['--kubeconfig'] ?? '')).certificate,
  );
  let stopped = false;
  let opening: Promise<Listening> | undefined;
  let listening: Listening | undefined;

  const open = async (): Promise<Listening> => {
    opening = serve(machine, values);
    try {
      return await opening;
    } finally {
      opening = undefined;
    }
  };

  const turn = async (): Promise<void> => {
    if (stopped) return;
    const user = authenticateCertificate(certificate, clientAuthority(machine));
    if (user === undefined || !apiServerAnswers(machine)) return;
    listening ??= await open();
    if (!stopped) await reportNode(machine, user, values);
  };

  const loop = async (): Promise<void> => {
    while (!stopped && !machine.timers.stopped) {
      try {
        await turn();
      } catch (error) {
        const state = machine.services.state('kubelet');
        state.failure = (error as Error).message;
      }
      await machine.timers.pause(machine.site.delays.heartbeat);
    }
  };
  void loop();
  return async () => {
    stopped = true;
    // What is about to listen would else go on for ever, with the certificate of before.
    await (listening ?? (await opening?.catch(() => undefined)))?.close();
  };
}

/** The client CA that the cluster's API servers trust. */
function clientAuthority(machine: NodeMachine): string {
  const member = machine.state.k8sd.member;
  return member === undefined ? '' : (machine.site.cluster(member.cluster).pems['client-ca-crt'] ?? '');
}

/** On a control plane its own API server, on a worker any that its proxy reaches. */
function apiServerAnswers(machine: NodeMachine): boolean {
  const member = machine.state.k8sd.member;
  if (member === undefined) return false;
  const api = machine.site.api(member.cluster);
  if (member.role === 'control-plane') return api.answers(machine);
  return machine.services.isActive('k8s-apiserver-proxy') && api.reachable();
}

async function serve(machine: NodeMachine, values: Arguments): Promise<Listening> {
  const server = createServer(
    {
      cert: await machine.files.need(values['--tls-cert-file'] ?? ''),
      key: await machine.files.need(values['--tls-private-key-file'] ?? ''),
      ca: await machine.files.need(values['--client-ca-file'] ?? ''),
      requestCert: true,
      rejectUnauthorized: false,
      minVersion: values['--tls-min-version'] === 'VersionTLS13' ? 'TLSv1.3' : 'TLSv1.2',
    },
    listener({
      name: 'kubelet',
      observe: machine.observe,
      onFailure: machine.site.fail,
      handle: async ({ path, socket }) => {
        if ((socket as { authorized?: boolean }).authorized !== true) return { status: 401, body: 'Unauthorized' };
        if (path === '/healthz') return { status: 200, body: 'ok' };
        return { status: 404, body: '404 page not found\n' };
      },
    }),
  );
  return listenOnPort(server, machine.address, PORT);
}

async function requireTuning(machine: NodeMachine): Promise<void> {
  const wrong: string[] = [];
  for (const [key, wanted] of Object.entries(tuning)) {
    const actual = (await machine.files.read(`/proc/sys/${key}`))?.trim();
    if (actual !== wanted)
      wrong.push(`invalid kernel flag: ${key}, expected value: ${wanted}, actual value: ${actual ?? ''}`);
  }
  if (wrong.length > 0) throw new Error(`Failed to start ContainerManager: [${wrong.join(', ')}]`);
}
