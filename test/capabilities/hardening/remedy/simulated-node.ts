/**
 * A node without services: real files, and dispatches that look, plan and change as the charms do, with the pure parts of the cluster
 * domain for arguments. Thousands of them cost what one in the local model does.
 */

import { chmod, lstat, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { HardeningOptions } from '../../../../src/capabilities/hardening/options.ts';
import { applyRemedy } from '../../../../src/capabilities/hardening/remedy/apply.ts';
import type { Clients } from '../../../../src/capabilities/hardening/remedy/clients.ts';
import { observeRemedies } from '../../../../src/capabilities/hardening/remedy/observe.ts';
import { observeBase } from '../../../../src/capabilities/hardening/remedy/observe-base.ts';
import { planRemedies } from '../../../../src/capabilities/hardening/remedy/plan.ts';
import { type Overridden, wantedArguments } from '../../../../src/capabilities/hardening/remedy/wanted-arguments.ts';
import { planArguments, untouchedArguments } from '../../../../src/capabilities/membership/arguments.ts';
import type { ArgumentsJournal, RememberedArguments } from '../../../../src/capabilities/membership/facts.ts';
import { openHost } from '../../../../src/clients/host/open-host.ts';
import { editArguments, parseArguments } from '../../../../src/core/argument-file.ts';
import type { ExtraArguments } from '../../../../src/core/services.ts';
import { SERVICES, type Service, WORKER_SERVICES } from '../../../../src/core/services.ts';
import { memoryState } from '../state.ts';
import { demandsWith } from './controls.ts';

const ARGS = '/var/snap/k8s/common/args';
export const KUBELET_UNIT = '/etc/systemd/system/snap.k8s.kubelet.service';

/** As k8sd writes them, with what the catalogues look at. */
const ARGUMENTS: Readonly<Record<Service, string>> = {
  'kube-apiserver': `anonymous-auth="false" authorization-mode="Node,RBAC" client-ca-file="/etc/kubernetes/pki/client-ca.crt"
    enable-admission-plugins="NodeRestriction" etcd-cafile="/etc/kubernetes/pki/etcd/ca.crt" etcd-certfile="/etc/kubernetes/pki/apiserver-etcd-client.crt"
    etcd-keyfile="/etc/kubernetes/pki/apiserver-etcd-client.key" kubelet-certificate-authority="/etc/kubernetes/pki/ca.crt"
    kubelet-client-certificate="/etc/kubernetes/pki/apiserver-kubelet-client.crt" kubelet-client-key="/etc/kubernetes/pki/apiserver-kubelet-client.key"
    profiling="false" request-timeout="300s" secure-port="6443" service-account-key-file="/etc/kubernetes/pki/serviceaccount.key" tls-cert-file="/etc/kubernetes/pki/apiserver.crt"
    tls-cipher-suites="TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305"
    tls-min-version="VersionTLS12" tls-private-key-file="/etc/kubernetes/pki/apiserver.key"`,
  'kube-controller-manager': `profiling="false" root-ca-file="/etc/kubernetes/pki/ca.crt" service-account-private-key-file="/etc/kubernetes/pki/serviceaccount.key"
    terminated-pod-gc-threshold="12500" tls-min-version="VersionTLS12" use-service-account-credentials="true"`,
  'kube-scheduler': 'profiling="false" tls-min-version="VersionTLS12"',
  'kube-proxy': 'healthz-bind-address="127.0.0.1" kubeconfig="/etc/kubernetes/proxy.conf" profiling="false"',
  kubelet: `anonymous-auth="false" authorization-mode="Webhook" client-ca-file="/etc/kubernetes/pki/client-ca.crt"
    kubeconfig="/etc/kubernetes/kubelet.conf" read-only-port="0" tls-cert-file="/etc/kubernetes/pki/kubelet.crt"
    tls-cipher-suites="TLS_RSA_WITH_AES_128_GCM_SHA256" tls-private-key-file="/etc/kubernetes/pki/kubelet.key"`,
  etcd: `auto-tls="false" cert-file="/etc/kubernetes/pki/etcd/server.crt" client-cert-auth="true" key-file="/etc/kubernetes/pki/etcd/server.key" peer-auto-tls="false"
    peer-cert-file="/etc/kubernetes/pki/etcd/peer.crt" peer-client-cert-auth="true" peer-key-file="/etc/kubernetes/pki/etcd/peer.key"
    peer-trusted-ca-file="/etc/kubernetes/pki/etcd/ca.crt" trusted-ca-file="/etc/kubernetes/pki/etcd/ca.crt"`,
};

const KERNEL: Readonly<Record<string, string>> = {
  'vm/overcommit_memory': '0',
  'vm/panic_on_oom': '0',
  'kernel/panic': '0',
  'kernel/panic_on_oops': '0',
  'kernel/keys/root_maxkeys': '1000000',
  'kernel/keys/root_maxbytes': '25000000',
};

/** Some of them are not as k8sd writes them: somebody has been here before. */
const FILES: Readonly<Record<string, number>> = {
  [KUBELET_UNIT]: 0o644,
  '/etc/kubernetes/admin.conf': 0o600,
  '/etc/kubernetes/scheduler.conf': 0o640,
  '/etc/kubernetes/controller.conf': 0o600,
  '/etc/kubernetes/proxy.conf': 0o644,
  '/etc/kubernetes/kubelet.conf': 0o400,
  '/etc/kubernetes/pki/apiserver.crt': 0o644,
  '/etc/kubernetes/pki/client-ca.crt': 0o600,
  '/etc/kubernetes/pki/apiserver.key': 0o600,
  '/etc/kubernetes/pki/apiserver-etcd-client.crt': 0o600,
  '/etc/kubernetes/pki/apiserver-etcd-client.key': 0o600,
  '/etc/kubernetes/pki/apiserver-kubelet-client.crt': 0o600,
  '/etc/kubernetes/pki/apiserver-kubelet-client.key': 0o600,
  '/etc/kubernetes/pki/ca.crt': 0o600,
  '/etc/kubernetes/pki/etcd/ca.crt': 0o600,
  '/etc/kubernetes/pki/etcd/peer.crt': 0o600,
  '/etc/kubernetes/pki/etcd/peer.key': 0o600,
  '/etc/kubernetes/pki/etcd/server.crt': 0o600,
  '/etc/kubernetes/pki/kubelet.crt': 0o600,
  '/etc/kubernetes/pki/kubelet.key': 0o600,
  '/etc/kubernetes/pki/serviceaccount.key': 0o600,
  '/etc/kubernetes/pki/etcd/server.key': 0o660,
  '/etc/containerd/config.toml': 0o600,
  '/etc/cni/net.d/05-cilium.conflist': 0o644,
  '/var/snap/k8s/common/var/lib/etcd/data/member/snap/db': 0o600,
};

/** On every machine with the snap. */
const FOLDERS = ['/etc/sysctl.d', '/var/log', '/var/snap/k8s/common/etc', '/var/lib'];

export interface Wishes {
  readonly options: HardeningOptions;
  readonly waived: readonly string[];
  readonly operator: Readonly<Partial<Record<Service, ExtraArguments>>>;
}

export interface Dispatched {
  readonly overridden: readonly Overridden[];
  readonly warnings: readonly string[];
  readonly blocked: readonly string[];
  /** Services whose arguments changed. */
  readonly restarts: readonly Service[];
}

export class SimulatedNode {
  readonly root: string;
  readonly clients: Clients;
  readonly #role: 'control-plane' | 'worker';
  readonly #services: readonly Service[];
  readonly #warnings: string[] = [];
  #committed: Readonly<Record<string, string>> = {};
  #state = memoryState();
  /** What Juju holds of the arguments, and what stands on the machine. */
  #memory: Partial<Record<Service, RememberedArguments>> = {};
  #wanted: Partial<Record<Service, readonly string[]>> = {};
  #journals: Partial<Record<Service, ArgumentsJournal>> = {};

  private constructor(root: string, role: 'control-plane' | 'worker') {
    this.root = root;
    this.#role = role;
    this.#services = role === 'worker' ? WORKER_SERVICES : SERVICES;
    const warning = (message: string) => void this.#warnings.push(message);
    const node = this;
    const juju = {
      get state() {
        return node.#state;
      },
      log: { warning },
    };
    this.clients = { host: openHost(root), juju: juju as unknown as Clients['juju'] };
  }

  static async create(root: string, role: 'control-plane' | 'worker' = 'control-plane'): Promise<SimulatedNode> {
    const node = new SimulatedNode(root, role);
    for (const [service, flags] of Object.entries(ARGUMENTS).filter(([name]) =>
      node.#services.includes(name as Service),
    ))
      await node.write(
        `${ARGS}/${service}`,
        `${flags
          .split(/\s+/)
          .map((flag) => `--${flag}\n`)
          .sort()
          .join('')}`,
        0o600,
      );
    for (const folder of FOLDERS) await mkdir(join(root, folder), { recursive: true, mode: 0o755 });
    for (const [key, value] of Object.entries(KERNEL)) await node.write(`/proc/sys/${key}`, `${value}\n`, 0o644);
    for (const [path, mode] of Object.entries(FILES)) await node.write(path, `${path}\n`, mode);
    return node;
  }

  /** A machine that has all this already. */
  static on(root: string, role: 'control-plane' | 'worker' = 'control-plane'): SimulatedNode {
    return new SimulatedNode(root, role);
  }

  async write(path: string, text: string, mode: number): Promise<void> {
    await mkdir(dirname(join(this.root, path)), { recursive: true, mode: 0o700 });
    await writeFile(join(this.root, path), text);
    await chmod(join(this.root, path), mode);
  }

  async remove(path: string): Promise<void> {
    await rm(join(this.root, path), { recursive: true, force: true });
  }

  /** Flags that the last dispatch had a word in. */
  wanted(service: Service): readonly string[] {
    return this.#wanted[service] ?? [];
  }

  async arguments(service: Service): Promise<Readonly<Record<string, string>>> {
    return parseArguments(service, (await this.clients.host.files.read(`${ARGS}/${service}`)) ?? '');
  }

  /** As somebody does by hand; null takes the flag out. */
  async setArgument(service: Service, flag: string, value: string | null): Promise<void> {
    const { files } = this.clients.host;
    const path = `${ARGS}/${service}`;
    const text = await files.read(path);
    if (text !== undefined) await files.write(path, editArguments(service, text, { [flag]: value }), { mode: 0o600 });
  }

  /** @param commits false: it is ended when all is done and before Juju has heard of it. */
  async dispatch(wishes: Wishes, commits = true): Promise<Dispatched> {
    this.#warnings.length = 0;
    const before = { state: this.#state.all(), memory: this.#memory };
    const restarts: Service[] = [];
    let overridden: readonly Overridden[] = [];
    const blocked: string[] = [];
    for (let round = 0; ; round += 1) {
      if (round > 8) throw new Error('the changes do not come to an end');
      const look = await this.#look(wishes);
      overridden = look.overridden;
      for (const change of look.plan.changes) await applyRemedy(this.clients, change);
      if (look.plan.changes.length > 0) continue;
      blocked.push(...look.plan.reports.map(({ message }) => message));
      if (!look.plan.ready || !(await this.#changeArguments(wishes, look.wanted, restarts))) break;
    }
    if (commits) this.#committed = this.#state.all();
    else [this.#state, this.#memory] = [memoryState(before.state), before.memory];
    return { overridden, warnings: [...this.#warnings], blocked, restarts };
  }

  async #look({ options, waived, operator }: Wishes) {
    const demands = demandsWith(options, { waived, role: this.#role });
    const wanted: Partial<Record<Service, ReturnType<typeof wantedArguments>>> = {};
    const present: Record<string, Readonly<Record<string, string>>> = {};
    for (const service of this.#services) {
      const text = (await this.clients.host.files.read(`${ARGS}/${service}`)) ?? '';
      const untouched = untouchedArguments(
        service,
        { text, journal: this.#journals[service] },
        this.#memory[service] ?? {},
      );
      present[service] = parseArguments(service, text);
      const base = { operator: operator[service] ?? {}, untouched, isUnknown: () => false };
      wanted[service] = wantedArguments(
        service,
        demands.flags,
        await observeBase(this.clients.host, service, base, demands.flags),
      );
    }
    this.#wanted = Object.fromEntries(
      Object.entries(wanted).map(([service, { flags }]) => [service, Object.keys(flags)]),
    );
    const plan = planRemedies(await observeRemedies(this.clients, { exists: true, present, former: {} }, demands));
    return { wanted, plan, overridden: Object.values(wanted).flatMap((one) => one.overridden) };
  }

  /** @returns whether there was something to change. */
  async #changeArguments(
    { operator }: Wishes,
    wanted: Partial<Record<Service, ReturnType<typeof wantedArguments>>>,
    restarts: Service[],
  ): Promise<boolean> {
    let changed = false;
    for (const service of this.#services) {
      const path = `${ARGS}/${service}`;
      const text = (await this.clients.host.files.read(path)) ?? '';
      const remembered = this.#memory[service] ?? {};
      const asked = wanted[service];
      const change = planArguments(
        service,
        { ...operator[service], ...asked?.flags },
        { text, journal: this.#journals[service] },
        remembered,
        asked,
      );
      if (change === undefined) continue;
      changed = true;
      if (Object.keys(change.set).length > 0) {
        const after = editArguments(service, text, change.set);
        this.#journals[service] = { before: text, after, remembered, remember: change.remember, finished: true };
        await this.clients.host.files.write(path, after, { mode: 0o600 });
        restarts.push(service);
      }
      this.#memory = { ...this.#memory, [service]: change.remember };
    }
    return changed;
  }

  /** Text, mode and owner of everything on the machine, but the charm's own note and the folder of audit logs, which are evidence. */
  async everything(): Promise<Readonly<Record<string, string>>> {
    const entries = await readdir(this.root, { recursive: true, withFileTypes: true });
    const pairs = entries.map(async (entry) => {
      const path = join(entry.parentPath, entry.name);
      const { mode, uid, gid } = await lstat(path);
      const text = entry.isFile() ? await readFile(path, 'utf8') : '';
      return [path.slice(this.root.length), `${(mode & 0o7777).toString(8)} ${uid}:${gid} ${text}`] as const;
    });
    const all = (await Promise.all(pairs)).filter(
      ([path]) => !path.startsWith('/var/lib/k8s-charm') && path !== '/var/log/kubernetes',
    );
    return Object.fromEntries(all.sort(([one], [other]) => (one < other ? -1 : 1)));
  }

  /** What Juju holds for it. */
  get committed(): Readonly<Record<string, string>> {
    return this.#committed;
  }
}
