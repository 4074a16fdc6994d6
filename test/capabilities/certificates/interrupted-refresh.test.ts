/**
 * Guards that a refresh ends well wherever its process is killed: with all certificates new and in service, or with all former
 * ones back; nothing of it left on the machine, in databags or in the API.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  CONTROL_PLANE_NAMES,
  fileOf,
  refreshedFiles,
  WORKER_NAMES,
} from '../../../src/capabilities/certificates/names.ts';
import { fingerprintOf, fingerprintsOf, readKeyMatch } from '../../../src/capabilities/certificates/read.ts';
import { refreshControlPlane } from '../../../src/capabilities/certificates/refresh-control-plane.ts';
import { prepareRequests, submitRequests } from '../../../src/capabilities/certificates/refresh-worker.ts';
import { readRequestJournal } from '../../../src/capabilities/certificates/request-journal.ts';
import { openHost } from '../../../src/clients/host/open-host.ts';
import {
  exchange,
  hurried,
  Killed,
  killed,
  newPair,
  RELATION,
  type TestNode,
  type TestPair,
  WORKER_RELATION,
} from './nodes.ts';

const FOLDER = '/var/lib/k8s-charm/certificates';

let pair: TestPair;
let machines: TestPair['machines'];
let leader: TestNode;
let worker: TestNode;

beforeAll(async () => {
  pair = await newPair();
  ({ machines, leader, worker } = pair);
}, 60_000);

afterAll(() => pair.close());

function namesOf({ identity }: TestNode): readonly string[] {
  return identity.role === 'worker' ? WORKER_NAMES : CONTROL_PLANE_NAMES;
}

function fingerprints(node: TestNode): Promise<Readonly<Record<string, string>>> {
  return fingerprintsOf(openHost(node.machine.root).files, node.identity.role, namesOf(node));
}

/** Asserts that a node is whole. Gives which of its certificates are new. */
async function wholeNode(node: TestNode, before: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const { files, servedCertificate } = openHost(node.machine.root);
  const now = await fingerprints(node);
  for (const name of namesOf(node)) {
    expect([name, await readKeyMatch(files, fileOf(node.identity.role, name))]).toEqual([name, true]);
  }
  const ports = node.identity.role === 'worker' ? { kubelet: 10250 } : { apiserver: 6443, kubelet: 10250 };
  for (const [name, port] of Object.entries(ports)) {
    const peer = await servedCertificate(node.machine.address, port, 3_000);
    expect([name, peer && fingerprintOf(peer.certificate)]).toEqual([name, now[name]]);
  }
  expect(await files.list(FOLDER)).toEqual([]);
  expect(await node.dispatch(async ({ kubernetes }) => (await kubernetes())?.ready())).toBe(true);
  return namesOf(node).filter((name) => now[name] !== before[name]);
}

type Spoil = NonNullable<Parameters<TestNode['settle']>[0]>;

const quietly = async (): Promise<void> => undefined;

describe('on a control plane', { timeout: 120_000 }, () => {
  const refresh = (names: readonly string[], spoil?: Spoil, progress = quietly) =>
    leader.dispatch(
      (clients) =>
        refreshControlPlane(clients, leader.identity, { names, expirationSeconds: 86_400, extraSans: [] }, progress),
      spoil,
    );

  it('of what is not served: ends only when the API server has restarted', async () => {
    const ups = () =>
      machines.serviceEvents.filter(
        ({ machine, service, what }) => machine === leader.machine.id && service === 'kube-apiserver' && what === 'up',
      ).length;
    for (const name of ['admin.conf', 'kubelet']) {
      const before = ups();
      await refresh([name]);
      expect([name, ups()]).toEqual([name, before + 1]);
    }
  });

  it('killed at any step: all or none of the nine are new', async () => {
    const ends: number[] = [];
    for (let after = 0; ; after += 1) {
      const before = await fingerprints(leader);
      const end = await refresh(CONTROL_PLANE_NAMES, killed({ after })).catch((error: unknown) => error);
      if (end !== undefined) {
        expect(end).toBeInstanceOf(Killed);
        await leader.machine.timers.rest();
        await leader.settle();
      }
      const renewed = await wholeNode(leader, before);
      ends.push(renewed.length);
      if (end === undefined) break;
    }
    // What stands there is kept before k8sd is asked; from then on all are new.
    expect(ends).toEqual([0, 0, 0, 0, ...ends.slice(4).map(() => 9)]);
    expect(ends.length).toBeGreaterThan(6);
  });

  it('killed at any step while the former ones are put back: they are, all of them, and it is said why', async () => {
    const hasty = hurried(400);
    const ends: string[] = [];
    for (let after = 0; ; after += 1) {
      const before = await fingerprints(leader);
      machines.failService('0', 'kube-apiserver', 'made to fail by a test');
      const recover = async (message = ''): Promise<void> => {
        if (message.includes('putting the former certificates back'))
          machines.failService('0', 'kube-apiserver', undefined);
      };
      const kill = killed({ after, from: 'refreshCertificates' });
      const end = await refresh(['apiserver'], (clients) => kill(hasty(clients)), recover).catch(
        (error: unknown) => error,
      );
      machines.failService('0', 'kube-apiserver', undefined);
      const said = end instanceof Killed ? await leader.settle(hasty).catch((error: unknown) => error) : end;
      if (said instanceof Error)
        expect(said.message).toMatch(/failed: .*; the former certificates are back in service/);
      const renewed = await wholeNode(leader, before);
      ends.push(renewed.length > 0 ? 'new' : said instanceof Error ? 'back' : 'back, silently');
      if (!(end instanceof Killed)) break;
    }
    // Before it is written down that it failed, the next dispatch may find the node well; after that nothing new is tried. What
    // is killed after all is back has nobody left to tell.
    expect(ends).toEqual(['new', 'back', 'back', 'back', 'back', 'back, silently', 'back']);
  });

  it.each([
    ['a certificate without its key', ['apiserver.crt']],
    ['one pair of several', ['apiserver.crt', 'apiserver.key']],
    ['a key alone', ['front-proxy-client.key']],
  ])('with %s written when k8sd died: the former ones are put back', async (_, written) => {
    const before = await fingerprints(leader);
    const { files } = openHost(leader.machine.root);
    const pair = written.map((name) => `/etc/kubernetes/pki/${name}`);
    const old = await Promise.all(pair.map((path) => files.read(path)));
    await refresh(CONTROL_PLANE_NAMES);
    const fresh = await Promise.all(pair.map((path) => files.read(path)));
    const after = await fingerprints(leader);
    await refresh(CONTROL_PLANE_NAMES, killed({ after: 0, from: 'refreshCertificates' })).catch(() => undefined);
    expect([old, before]).not.toEqual([fresh, after]);
    // What stood there before is in the copies; of the new ones only these were written.
    const copies = await Promise.all(
      refreshedFiles('control-plane').map(async (path) => [path, await files.read(`${FOLDER}/before${path}`)] as const),
    );
    for (const [path, copy] of copies)
      if (copy !== undefined && !pair.includes(path)) await files.write(path, copy, { mode: 0o600 });
    const error = await leader.settle().catch((failed: unknown) => failed);
    expect(error).toMatchObject({
      message: expect.stringContaining('it was interrupted half way; the former certificates are back in service'),
    });
    expect(await wholeNode(leader, after)).toEqual([]);
  });

  it('that k8sd refuses leaves everything as it is', async () => {
    const before = await fingerprints(leader);
    machines.failNext('0', 'refresh-run', { status: 500, text: 'using an external CA' });
    await expect(refresh(CONTROL_PLANE_NAMES)).rejects.toMatchObject({
      name: 'RefreshFailed',
      message: expect.stringContaining('k8sd refuses to issue the certificates: '),
    });
    expect(await wholeNode(leader, before)).toEqual([]);
  });

  it('whose k8sd does not answer is taken up by the next dispatch', async () => {
    const before = await fingerprints(leader);
    machines.setK8sd('0', 'silent');
    await expect(
      refresh(['apiserver'], (clients) => ({
        ...clients,
        k8sd: (minor) => {
          const k8sd = clients.k8sd(minor);
          return { ...k8sd, refreshCertificates: (request) => k8sd.refreshCertificates(request, { timeoutMs: 200 }) };
        },
      })),
    ).rejects.toMatchObject({ name: 'K8sdUnavailable' });
    machines.setK8sd('0', 'normal');
    await leader.settle();
    await wholeNode(leader, before);
  });
});

describe('on a worker', { timeout: 120_000 }, () => {
  const ask = (spoil?: Spoil) =>
    worker.dispatch(async (clients) => {
      const journal = await prepareRequests(clients, worker.identity, { expirationSeconds: 86_400, extraSans: [] });
      await submitRequests(clients, journal);
    }, spoil);

  /** Hooks of both sides, with databags carried over, until nobody has anything to do; `spoil` until it has ended one. */
  async function rounds(spoil?: Spoil): Promise<unknown> {
    let death: unknown;
    for (let quiet = 0; quiet < 2; ) {
      let done = 0;
      for (const node of [worker, leader]) {
        const changes = await node.settle(death === undefined ? spoil : undefined).catch(async (error: unknown) => {
          death ??= error;
          // What k8sd was asked for, it does; Juju runs a failed hook again some seconds later.
          await node.machine.timers.rest();
          return ['killed'];
        });
        done += changes.length;
        exchange(leader, [worker]);
      }
      quiet = done === 0 ? quiet + 1 : 0;
    }
    return death;
  }

  async function nothingLeft(): Promise<void> {
    const { files } = openHost(worker.machine.root);
    expect(await readRequestJournal(files)).toBeUndefined();
    expect(worker.agent.relations.get(WORKER_RELATION)?.units.get(worker.agent.unit)).toEqual({});
    expect(leader.agent.relations.get(RELATION)?.applications.get('k8s') ?? {}).toEqual({});
    expect(machines.cluster('0')?.certificateSigningRequests()).toEqual([]);
  }

  it('killed at any step of either side: all or none of the three are new, and nothing is left anywhere', async () => {
    const ends: number[] = [];
    for (let after = 0; ; after += 1) {
      const before = await fingerprints(worker);
      const kill = killed({ after });
      const death = (await ask(kill).catch((error: unknown) => error)) ?? (await rounds(kill));
      if (death !== undefined) expect(death).toBeInstanceOf(Killed);
      await rounds();
      ends.push((await wholeNode(worker, before)).length);
      await nothingLeft();
      if (death === undefined) break;
    }
    // Only what never got as far as its journal is forgotten.
    expect(ends).toEqual([0, ...ends.slice(1).map(() => 3)]);
    expect(ends.length).toBeGreaterThan(15);
  });
});
