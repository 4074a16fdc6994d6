/** A control plane of real programs on a stand-in machine, as k8sd makes one: its certificates, its arguments, its files. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openHost } from '../../src/clients/host/open-host.ts';
import { openK8sd } from '../../src/clients/k8sd/open-k8sd.ts';
import type { Kubernetes } from '../../src/clients/kubernetes/kubernetes.ts';
import { openKubernetes } from '../../src/clients/kubernetes/open-kubernetes.ts';
import { type K8sMachines, type NodeMachine, openMachines } from '../standins/machines/machines.ts';
import { paths } from '../standins/machines/node/paths.ts';
import { realPrograms } from './on-machine.ts';
import { probeOf } from './probes.ts';
import type { ProgramName } from './programs.ts';
import type { RunningProgram } from './running-program.ts';

export interface RealControlPlane {
  readonly machines: K8sMachines;
  readonly machine: NodeMachine;
  /** The process that runs now, or ran last. Throws when there was none. */
  running(program: ProgramName): RunningProgram;
  /** Waits for it, and for the next one where systemd has to start it again: at first some things are not there. @returns milliseconds since its start */
  ready(program: ProgramName, timeoutMs?: number): Promise<number>;
  /** Starts it again with what its file of arguments says now; resolves when the process is there. */
  restart(program: ProgramName): Promise<RunningProgram>;
  /** Text of the file of arguments. */
  arguments(program: ProgramName): Promise<string>;
  setArguments(program: ProgramName, text: string): Promise<void>;
  /** The charm's own client with the administrator's kubeconfig. */
  kubernetes(kubeconfig?: string): Promise<Kubernetes>;
  close(): Promise<void>;
}

export interface ControlPlaneOptions {
  /** Which services are real; by default etcd, API server, controller manager and scheduler. */
  readonly programs?: readonly ProgramName[];
  /** k8sd's bootstrap configuration for that machine. */
  readonly config?: (machine: NodeMachine) => Promise<Readonly<Record<string, unknown>>>;
}

const CONTROL_PLANE: readonly ProgramName[] = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'];
const LIMIT = { timeoutMs: 90_000 };
const ATTEMPTS = 3;
/** Longer than systemd waits. */
const RESTART_MS = 500;

/** Resolves when the API server is ready. */
export async function openControlPlane({
  programs = CONTROL_PLANE,
  config = async () => ({}),
}: ControlPlaneOptions = {}): Promise<RealControlPlane> {
  // Short: the sockets of the machines hang from it.
  const directory = await mkdtemp(join(tmpdir(), 'kr-'));
  const real = realPrograms(programs);
  const machines = await openMachines({ directory, programs: real.programs });
  const close = async (): Promise<void> => {
    await machines.close();
    await rm(directory, { recursive: true, force: true });
  };
  const machine = await machines.provision('0');
  const running = (program: ProgramName): RunningProgram => {
    const found = real.running(machine, program);
    if (found === undefined)
      throw new Error(`${program} was never started: ${machine.services.state(program).failure}`);
    return found;
  };
  const ready = async (program: ProgramName, timeoutMs?: number): Promise<number> => {
    for (let attempt = 1; ; attempt += 1) {
      const process = await real.started(machine, program);
      try {
        return await process.ready(probeOf(machine, program), timeoutMs);
      } catch (error) {
        await sleep(RESTART_MS);
        const next = await real.started(machine, program);
        if (process.exit === undefined || attempt === ATTEMPTS || next === process) throw error;
      }
    }
  };
  try {
    const host = openHost(machine.root);
    await host.snapd.install('k8s', { channel: '1.36-classic/stable', classic: true }, LIMIT);
    const k8sd = openK8sd({ socketPath: host.files.real(paths.controlSocket), minor: 36 });
    await k8sd.waitUntilReady(LIMIT);
    const { hostname: name, address } = machine;
    await k8sd.bootstrap({ name, address: `${address}:6400`, config: await config(machine) }, LIMIT);
    await ready('kube-apiserver');
  } catch (error) {
    await close();
    throw error;
  }
  return {
    machines,
    machine,
    running,
    ready,
    restart: async (program) => {
      await machine.services.restart(program);
      return real.started(machine, program);
    },
    arguments: (program) => machine.files.need(`${paths.args}/${program}`),
    setArguments: (program, text) => machine.files.write(`${paths.args}/${program}`, text),
    kubernetes: async (kubeconfig = 'admin.conf') =>
      openKubernetes(await machine.files.need(`${paths.kubernetes}/${kubeconfig}`), { timeoutMs: 10_000 }),
    close,
  };
}
