/**
 * k8sd's service-args controller: restarts a running service whose file of arguments no longer says what it runs with. etcd
 * is not looked at, nor is a service that does not run.
 */

import { readArguments } from './arguments.ts';
import type { NodeMachine } from './machine.ts';
import { paths } from './paths.ts';

const controlPlane = [
  'containerd',
  'kube-controller-manager',
  'kube-proxy',
  'kube-scheduler',
  'kubelet',
  'kube-apiserver',
];
const worker = ['containerd', 'k8s-apiserver-proxy', 'kubelet', 'kube-proxy'];

export async function restartDrifted(machine: NodeMachine): Promise<void> {
  const member = machine.state.k8sd.member;
  if (member === undefined || !machine.k8sd.ready) return;
  for (const service of member.role === 'worker' ? worker : controlPlane) {
    const running = machine.services.running(service);
    const file = await machine.files.read(`${paths.args}/${service}`);
    if (running === undefined || file === undefined) continue;
    const wanted = readArguments(file);
    const given = machine.services.words(service);
    const present = readArguments(given.join('\n'));
    // A flag that is repeated, or stands there in a form that k8sd does not read, differs forever.
    const same =
      Object.keys(wanted).length === given.length &&
      Object.entries(wanted).every(([flag, value]) => present[flag] === value);
    if (!same) await machine.services.restart(service);
  }
}
