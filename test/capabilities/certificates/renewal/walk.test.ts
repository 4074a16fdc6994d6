/** Guards that a renewal on a machine ends well: new certificates in service, or the former ones, with a reason and another attempt later. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CONTROL_PLANE_NAMES, fileOf, WORKER_NAMES } from '../../../../src/capabilities/certificates/names.ts';
import { observeCertificates } from '../../../../src/capabilities/certificates/observe.ts';
import { DEFAULT_OPTIONS } from '../../../../src/capabilities/certificates/options.ts';
import { planCertificates } from '../../../../src/capabilities/certificates/plan.ts';
import { isReadable, readCertificate } from '../../../../src/capabilities/certificates/read.ts';
import { parseRequest } from '../../../../src/capabilities/certificates/read-request.ts';
import { refreshControlPlane } from '../../../../src/capabilities/certificates/refresh-control-plane.ts';
import { prepareRequests } from '../../../../src/capabilities/certificates/refresh-worker.ts';
import { removeRequestJournal } from '../../../../src/capabilities/certificates/request-journal.ts';
import { openHost } from '../../../../src/clients/host/open-host.ts';
import type { Clients } from '../../../../src/core/clients.ts';
import { LOOPBACK } from '../../../../src/core/san.ts';
import { exchange, hurried, newNode, newPair, RELATION, type TestNode, type TestPair } from '../nodes.ts';

const LIFE = 600;
const HOUR = 3_600;

let pair: TestPair;
let machines: TestPair['machines'];
let leader: TestNode;
let worker: TestNode;

beforeAll(async () => {
  pair = await newPair();
  ({ machines, leader, worker } = pair);
}, 60_000);

afterAll(() => pair.close());

type Spoil = NonNullable<Parameters<TestNode['settle']>[0]>;

/** Clients of a dispatch so many seconds from now. */
function later(seconds: number): Spoil {
  return (clients: Clients) => ({
    ...clients,
    host: { ...clients.host, now: () => new Date(clients.host.now().getTime() + seconds * 1000) },
  });
}

/** What the status says at that time. */
function told(node: TestNode, at: Spoil): Promise<readonly string[]> {
  const look = async (clients: Clients) => planCertificates(await observeCertificates(clients, node.identity));
  return node.dispatch(
    async (clients) => (await look(clients)).reports.map(({ status, message }) => `${status}: ${message}`),
    at,
  );
}

async function certificate(node: TestNode, name: string) {
  const read = await readCertificate(openHost(node.machine.root).files, fileOf(node.identity.role, name));
  if (read === undefined || !isReadable(read)) throw new Error(`${name} cannot be read`);
  return read;
}

async function hoursLeft(node: TestNode): Promise<readonly number[]> {
  const names = node.identity.role === 'worker' ? WORKER_NAMES : CONTROL_PLANE_NAMES;
  const ends = await Promise.all(names.map(async (name) => (await certificate(node, name)).notAfter.getTime()));
  return ends.map((end) => Math.round((end - Date.now()) / 3_600_000));
}

const YEAR = Math.round((365 * 86_400) / HOUR);

describe('on a control plane', { timeout: 60_000 }, () => {
  const shorten = () =>
    leader.dispatch((clients) =>
      refreshControlPlane(
        clients,
        leader.identity,
        { names: CONTROL_PLANE_NAMES, expirationSeconds: LIFE, extraSans: ['api.example.com'] },
        async () => undefined,
      ),
    );

  it('a short life is renewed in its last third, all at once, with all names, and then not again', async () => {
    await shorten();
    const before = await certificate(leader, 'apiserver');
    expect(await leader.settle(later(LIFE * 0.6))).toEqual([]);
    expect(await leader.settle(later(LIFE * 0.7))).toEqual(['renew']);
    expect(new Set(await hoursLeft(leader))).toEqual(new Set([YEAR]));
    const after = await certificate(leader, 'apiserver');
    expect(after.sans).toEqual(expect.arrayContaining([...before.sans]));
    expect(await leader.settle()).toEqual([]);
  });

  it('that k8sd refuses is told, and tried again when its time has come', async () => {
    await shorten();
    const before = await certificate(leader, 'kubelet');
    machines.failNext('0', 'refresh-run', { status: 500, text: 'no luck today' });
    const at = LIFE * 0.7;
    expect(await leader.settle(later(at))).toEqual(['renew']);
    expect((await certificate(leader, 'kubelet')).fingerprint).toBe(before.fingerprint);
    expect((await told(leader, later(at))).join('\n')).toMatch(
      /^active: Renewal of the certificates failed: k8sd refuses .*no luck today; tried again after \d{4}-\d\d-\d\d \d\d:\d\d UTC$/m,
    );
    // A minute after it was refused, since there are only three left; on a busy machine it is refused late.
    expect(await leader.settle(later(at + 40))).toEqual([]);
    expect(await leader.settle(later(at + 130))).toEqual(['renew']);
    expect(new Set(await hoursLeft(leader))).toEqual(new Set([YEAR]));
    expect(await told(leader, later(0))).toEqual([]);
  });

  it('with which the API server does not come up leaves the former ones in service; another option is tried at once', async () => {
    await shorten();
    const before = await certificate(leader, 'apiserver');
    const at = LIFE * 0.7;
    const hasty = hurried(400);
    machines.failService('0', 'kube-apiserver', 'made to fail by a test');
    // From the moment on at which it puts them back, nothing stands in the way.
    const recovering: Spoil = (clients) => ({
      ...clients,
      host: {
        ...clients.host,
        snapd: {
          ...clients.host.snapd,
          restart: (...restart) => {
            machines.failService('0', 'kube-apiserver', undefined);
            return clients.host.snapd.restart(...restart);
          },
        },
      },
    });
    expect(await leader.settle((clients) => recovering(later(at)(hasty(clients))))).toEqual(['renew']);
    expect((await certificate(leader, 'apiserver')).fingerprint).toBe(before.fingerprint);
    expect(await leader.dispatch(async ({ kubernetes }) => (await kubernetes())?.ready())).toBe(true);
    expect((await told(leader, later(at))).join('\n')).toMatch(
      /Renewal of the certificates failed: .*; the former certificates are back in service; tried again after/,
    );
    expect(await leader.settle(later(at))).toEqual([]);
    const options = { ...DEFAULT_OPTIONS, validitySeconds: 12 * HOUR };
    const changed = newNode(leader.agent, leader.machine, { ...leader.identity, options });
    expect(await changed.settle(later(at))).toEqual(['renew']);
    expect(new Set(await hoursLeft(leader))).toEqual(new Set([12]));
  });
});

describe('on a worker', { timeout: 60_000 }, () => {
  /** Hooks of both sides until nobody has anything to do. */
  async function rounds(at: Spoil, leading = leader, walking = worker): Promise<readonly string[]> {
    const done: string[] = [];
    for (let quiet = 0; quiet < 2; ) {
      let changes = 0;
      for (const node of [walking, leading]) {
        const kinds = await node.settle(node === walking ? at : undefined);
        done.push(...kinds);
        changes += kinds.length;
        exchange(leading, [worker]);
      }
      quiet = changes === 0 ? quiet + 1 : 0;
    }
    return done;
  }

  const shorten = async () => {
    await worker.dispatch((clients) =>
      prepareRequests(clients, worker.identity, { expirationSeconds: LIFE, extraSans: [] }),
    );
    await rounds(later(0));
  };
  const WALK = ['begin-renewal', 'announce-requests', 'decide-requests', 'take-certificates', 'clear-decision'];

  it('a short life is renewed before its end, and then not again', async () => {
    await shorten();
    expect(await rounds(later(LIFE * 0.6))).toEqual([]);
    expect(await rounds(later(LIFE * 0.8))).toEqual(WALK);
    expect(new Set(await hoursLeft(worker))).toEqual(new Set([YEAR]));
    expect(leader.agent.relations.get(RELATION)?.applications.get('k8s') ?? {}).toEqual({});
  });

  it('what k8sd issues is renewed beside what a CA charm has issued, which stays', async () => {
    await shorten();
    const before = await certificate(worker, 'kubelet');
    const ups = () =>
      machines.serviceEvents.filter(
        ({ machine, service, what }) => machine === worker.machine.id && service === 'kubelet' && what === 'up',
      ).length;
    const restarts = ups();
    const mixed = newNode(worker.agent, worker.machine, { ...worker.identity, managers: { kubelet: 'relation' } });
    expect(await rounds(later(LIFE * 0.8), leader, mixed)).toEqual(WALK);
    // Not over before kubelet has read them.
    expect(ups()).toBe(restarts + 1);
    const [kubelet, ...clients] = await hoursLeft(worker);
    expect([kubelet, ...new Set(clients)]).toEqual([0, YEAR]);
    expect((await certificate(worker, 'kubelet')).fingerprint).toBe(before.fingerprint);
  });

  it.each([
    ['for the one that it has', '', ''],
    ['when it has another by now, for that one', '10.99.0.7', '10.99.0.7'],
    ['when Juju knows none, for the one that it had', undefined, ''],
  ])('asks for one address, %s', async (_, said, asked) => {
    const { address } = worker.machine;
    const identity = { ...worker.identity, boundAddresses: said === undefined ? [] : [said || address] };
    const journal = await worker.dispatch((clients) =>
      prepareRequests(clients, identity, { expirationSeconds: LIFE, extraSans: [] }),
    );
    await worker.dispatch(({ host }) => removeRequestJournal(host.files));
    const serving = await parseRequest(journal.requests.find(({ pair }) => pair === 'kubelet')?.request ?? '');
    expect(serving.addresses.filter((one) => !LOOPBACK.includes(one))).toEqual([asked || address]);
    expect(serving.dnsNames).toEqual([worker.machine.hostname]);
  });

  it('that the control plane denies is told, and asked for again when its time has come', async () => {
    await shorten();
    const before = await certificate(worker, 'kubelet');
    // To whom the address of the worker is one of its own.
    const jealous = newNode(leader.agent, leader.machine, { ...leader.identity, reserved: [worker.machine.address] });
    const at = LIFE * 0.8;
    expect(await rounds(later(at), jealous)).toEqual([
      'begin-renewal',
      'announce-requests',
      'decide-requests',
      'give-up-refresh',
      'clear-decision',
    ]);
    expect((await certificate(worker, 'kubelet')).fingerprint).toBe(before.fingerprint);
    expect((await told(worker, later(at))).join('\n')).toMatch(/the control plane denied it: .*; tried again after /);
    expect(await rounds(later(at))).toEqual([]);
    expect(await rounds(later(at + 90))).toEqual(WALK);
    expect(new Set(await hoursLeft(worker))).toEqual(new Set([YEAR]));
    expect(await told(worker, later(0))).toEqual([]);
  });
});
