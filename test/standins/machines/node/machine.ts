/** One machine: a folder, an address, snapd, and what the snap runs. */

import type { CallPhase, Machine, OutsideCallObserver } from '../../juju/machine.ts';
import type { Exchange } from '../http/server.ts';
import { K8sdDaemon } from '../k8sd/daemon.ts';
import type { Site } from '../site.ts';
import { SnapdDaemon } from '../snapd/daemon.ts';
import type { MachineState } from '../state.ts';
import { createTimers, type Timers } from '../timers.ts';
import { type MachineFiles, machineFiles } from './files.ts';
import { Services } from './services.ts';

export class NodeMachine implements Machine {
  readonly site: Site;
  readonly state: MachineState;
  readonly id: string;
  readonly hostname: string;
  readonly address: string;
  readonly root: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly files: MachineFiles;
  readonly services: Services;
  readonly snapd: SnapdDaemon;
  readonly k8sd: K8sdDaemon;
  observer: OutsideCallObserver | undefined;
  /** When its kubelet last renewed the lease of its Node; milliseconds. */
  leaseRenewed: { readonly name: string; readonly at: number } | undefined;
  #timers: Timers;

  constructor(site: Site, state: MachineState, root: string) {
    this.site = site;
    this.state = state;
    this.id = state.id;
    this.hostname = state.hostname;
    this.address = state.address;
    this.root = root;
    this.environment = { K8S_CHARM_ROOT: root };
    this.files = machineFiles(root);
    this.#timers = createTimers(site.fail);
    this.services = new Services(this);
    this.snapd = new SnapdDaemon(this);
    this.k8sd = new K8sdDaemon(this);
  }

  /** Of what runs on this machine: they stop when its power goes. */
  get timers(): Timers {
    return this.#timers;
  }

  /** Minor version of the installed snap; 0 when none is. */
  get minor(): number {
    return Number(this.state.snapd.snap?.version.split('.')[1] ?? 0);
  }

  readonly observe = async (what: string, phase: CallPhase, exchange: Pick<Exchange, 'socket'>): Promise<void> => {
    const port = exchange.socket.remotePort;
    const asker = port === undefined ? this : (this.site.proxied.get(port) ?? this);
    await asker.observer?.(what, phase);
  };

  /** Brings back everything that ran when the state was saved. */
  async resume(): Promise<void> {
    if (this.state.gone) return;
    await this.snapd.start();
    await this.services.resume();
  }

  async reboot(): Promise<void> {
    if (this.state.gone) throw new Error(`machine ${this.id} is gone`);
    await this.powerOff();
    this.#timers = createTimers(this.site.fail);
    this.files.thaw();
    await this.files.remove('/run/containerd');
    await this.snapd.start();
    await this.services.boot();
  }

  async terminate(): Promise<void> {
    this.state.gone = true;
    await this.powerOff();
    for (const service of Object.values(this.state.services)) {
      service.active = false;
      delete service.running;
    }
  }

  /** Everything stops at once, as it is. */
  async powerOff(): Promise<void> {
    this.#timers.stop();
    await this.snapd.stop();
    await this.services.suspend();
    await this.files.freeze();
  }
}
