/**
 * k8sd on one machine: its control socket, and port 6400 once it is in a cluster. A client that goes away does not stop a
 * bootstrap or join that has begun: it runs to its end, as it does when the cancellation comes too late to be noticed.
 */

import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { type Answer, type Exchange, type Listening, listener, listenOnPort, listenOnSocket } from '../http/server.ts';
import { at } from '../json.ts';
import type { NodeMachine } from '../node/machine.ts';
import { paths } from '../node/paths.ts';
import { controlPlaneServices, type Stop, workerServices } from '../node/services.ts';
import { issueSelfSigned } from '../pki/issue.ts';
import { fromNow, yearsFrom } from '../pki/lifetime.ts';
import { reconcileNode } from './features.ts';
import { handleRequest } from './routes.ts';

export const K8SD_PORT = 6400;

export class K8sdDaemon {
  readonly #machine: NodeMachine;
  #socket: Listening | undefined;
  #port: Listening | undefined;
  #up = false;
  #ready = false;
  #generation = 0;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(machine: NodeMachine) {
    this.#machine = machine;
  }

  get ready(): boolean {
    return this.#ready;
  }

  /** Whether peers and API servers reach it on port 6400. */
  get answersWebhook(): boolean {
    return this.#port !== undefined && this.#ready;
  }

  /** Resolves when no bootstrap, join or removal is under way here. */
  async idle(): Promise<void> {
    await this.#turn;
  }

  async start(): Promise<Stop> {
    this.#up = true;
    await this.#open();
    return async () => {
      this.#up = false;
      await this.#close();
    };
  }

  /** Bootstraps, joins and removals of a node happen one after the other. */
  exclusive<T>(action: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(action);
    this.#turn = mine.catch(() => {});
    return mine;
  }

  /** What follows a failed bootstrap or join, and a removal: the daemon starts over, and its socket is gone meanwhile. */
  reexec(): void {
    this.#machine.timers.after(0, async () => {
      await this.#close();
      await this.#machine.timers.sleep(this.#machine.site.delays.k8sdGap);
      if (this.#up) await this.#open();
    });
  }

  /** Opens port 6400, with the cluster's certificate. Nothing happens when it is open. */
  async openPort(): Promise<void> {
    if (this.#port !== undefined || !this.#up) return;
    const machine = this.#machine;
    const server = createTlsServer(
      {
        cert: await machine.files.need(`${paths.state}/cluster.crt`),
        key: await machine.files.need(`${paths.state}/cluster.key`),
        requestCert: true,
        rejectUnauthorized: false,
      },
      listener(this.#serving((exchange) => this.#handle(exchange, this.#isPeer(exchange)))),
    );
    const port = await listenOnPort(server, machine.address, K8SD_PORT);
    if (this.#up) this.#port = port;
    else await port.close();
  }

  async closePort(): Promise<void> {
    const port = this.#port;
    this.#port = undefined;
    await port?.close();
  }

  async #open(): Promise<void> {
    const machine = this.#machine;
    const generation = ++this.#generation;
    await this.#prepareState();
    const server = createServer(listener(this.#serving((exchange) => this.#handle(exchange, true))));
    const socket = await listenOnSocket(server, machine.files.real(paths.controlSocket), 0o660);
    if (!this.#up) return socket.close();
    this.#socket = socket;
    if (machine.state.k8sd.member !== undefined) await this.openPort();
    machine.timers.after(machine.site.delays.k8sdReady, async () => {
      await this.#startServices();
      if (this.#generation !== generation || !this.#up) return;
      this.#ready = true;
      await this.#reconcile();
    });
  }

  async #close(): Promise<void> {
    this.#ready = false;
    this.#generation++;
    const socket = this.#socket;
    this.#socket = undefined;
    await socket?.close();
    await this.closePort();
  }

  /** On a node that is in a cluster, the daemon brings all services of the node up before it is ready. */
  async #startServices(): Promise<void> {
    const machine = this.#machine;
    const member = machine.state.k8sd.member;
    if (member === undefined) return;
    for (const service of nodeServices(machine)) {
      if (machine.services.state(service).enabled) await machine.services.start(service);
    }
  }

  /** The node's controllers look at the cluster's configuration as soon as they run: it may have changed meanwhile. */
  async #reconcile(): Promise<void> {
    const member = this.#machine.state.k8sd.member;
    if (member !== undefined) await reconcileNode(this.#machine, this.#machine.site.cluster(member.cluster));
  }

  async #prepareState(): Promise<void> {
    const { files, hostname, address, site } = this.#machine;
    for (const directory of ['', '/database', '/truststore', '/certificates']) {
      await files.directory(`${paths.state}${directory}`, directory === '' ? 0o711 : 0o700);
    }
    if (await files.exists(`${paths.state}/server.crt`)) return;
    const key = await site.keys.draw();
    const validity = fromNow((start) => yearsFrom(start, 20));
    await files.write(
      `${paths.state}/server.crt`,
      await issueSelfSigned(hostname, key, [hostname, address, '127.0.0.1', '::1'], validity),
      0o644,
    );
    await files.write(`${paths.state}/server.key`, key);
  }

  #serving(handle: (exchange: Exchange) => Promise<Answer>): Parameters<typeof listener>[0] {
    return { name: 'k8sd', observe: this.#machine.observe, onFailure: this.#machine.site.fail, handle };
  }

  #handle(exchange: Exchange, trusted: boolean): Promise<Answer> {
    return handleRequest({ machine: this.#machine, exchange, trusted });
  }

  /** Members know each other by their certificates. */
  #isPeer(exchange: Exchange): boolean {
    const member = this.#machine.state.k8sd.member;
    const shown = (exchange.socket as TLSSocket).getPeerX509Certificate()?.toString();
    if (member === undefined || shown === undefined) return false;
    return this.#machine.site
      .cluster(member.cluster)
      .members.some((candidate) => candidate.certificate.trim() === shown.trim());
  }
}

/** The services that k8sd runs on this node. */
export function nodeServices(machine: NodeMachine): readonly string[] {
  const member = machine.state.k8sd.member;
  if (member === undefined) return [];
  const cluster = machine.site.cluster(member.cluster);
  const all = member.role === 'worker' ? workerServices : controlPlaneServices;
  return all.filter((service) => {
    if (service === 'etcd') return cluster.datastoreType === 'etcd';
    return service !== 'kube-proxy' || at(cluster.config, 'network', 'kube-proxy-enabled') !== false;
  });
}
