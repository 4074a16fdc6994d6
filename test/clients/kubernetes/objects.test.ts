/** Guards what is read from Kubernetes and what is written to it: nodes, pods, and certificate signing requests with their decisions. */
import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { KubernetesError } from '../../../src/clients/kubernetes/errors.ts';
import { administrator } from './administrator.ts';
import { type Answering, answer, refuse } from './api-server.ts';

const speaking = administrator();

const notFound = (response: ServerResponse) => refuse(response, 404, 'NotFound', 'not found');

const node = {
  kind: 'Node',
  apiVersion: 'v1',
  metadata: { name: 'a', labels: { 'k8sd.io/role': 'control-plane' }, creationTimestamp: '2026-01-01T00:00:00Z' },
  spec: { taints: [{ key: 'x', effect: 'NoSchedule' }] },
  status: {
    conditions: [
      { type: 'MemoryPressure', status: 'False' },
      { type: 'Ready', status: 'True', lastHeartbeatTime: '2026-01-01T00:00:00Z' },
    ],
    addresses: [
      { type: 'InternalIP', address: '10.0.0.1' },
      { type: 'Hostname', address: 'a' },
    ],
    nodeInfo: { kubeletVersion: 'v1.36.4' },
  },
};

describe('nodes', () => {
  it('are read', async () => {
    const { kubernetes } = await speaking((_asked, response) => answer(response, node));
    expect(await kubernetes.node('a')).toEqual({
      name: 'a',
      ready: true,
      addresses: [
        { type: 'InternalIP', address: '10.0.0.1' },
        { type: 'Hostname', address: 'a' },
      ],
      labels: { 'k8sd.io/role': 'control-plane' },
      kubeletVersion: 'v1.36.4',
    });
  });

  it('are not ready when they say so, do not know, or say nothing', async () => {
    const saying = (conditions: unknown) => ({ ...node, status: { conditions } });
    const { kubernetes } = await speaking((_asked, response) =>
      answer(response, {
        kind: 'NodeList',
        apiVersion: 'v1',
        metadata: {},
        items: [
          saying([{ type: 'Ready', status: 'False' }]),
          saying([{ type: 'Ready', status: 'Unknown' }]),
          { kind: 'Node', metadata: { name: 'b' } },
        ],
      }),
    );
    expect((await kubernetes.nodes()).map(({ name, ready }) => [name, ready])).toEqual([
      ['a', false],
      ['a', false],
      ['b', false],
    ]);
  });

  it('that do not exist are none', async () => {
    const { server, kubernetes } = await speaking((_asked, response) => notFound(response));
    expect(await kubernetes.node('a/b')).toBeUndefined();
    expect(server.asked[0]?.path).toBe('/api/v1/nodes/a%2Fb');
  });

  it('get labels by a merge, where null removes one', async () => {
    const { server, kubernetes } = await speaking((_asked, response) => answer(response, node));
    await kubernetes.labelNode('a', { 'example.com/x': 'y', old: null });
    expect(server.asked).toMatchObject([
      {
        method: 'PATCH',
        path: '/api/v1/nodes/a',
        headers: { 'content-type': 'application/merge-patch+json' },
        body: { metadata: { labels: { 'example.com/x': 'y', old: null } } },
      },
    ]);
  });
});

it('pods of a namespace are counted and the first ones named, where they are neither ready nor done', async () => {
  const pod = (name: string, phase: string, ready: string) => ({
    metadata: { namespace: 'kube-system', name },
    status: { phase, conditions: [{ type: 'Ready', status: ready }] },
  });
  const many = Array.from({ length: 90 }, (_, number) => pod(`mirror-${number}`, 'Running', 'False'));
  const { server, kubernetes } = await speaking((_asked, response) =>
    answer(response, {
      kind: 'PodList',
      apiVersion: 'v1',
      metadata: {},
      items: [
        pod('coredns', 'Running', 'True'),
        pod('cilium', 'Pending', 'False'),
        pod('install', 'Succeeded', 'False'),
        { metadata: { namespace: 'kube-system', name: 'odd' }, status: { conditions: [null] } },
        ...many,
      ],
    }),
  );
  expect(await kubernetes.unreadyPods('kube-system')).toEqual({
    names: ['cilium', 'odd', 'mirror-0', 'mirror-1', 'mirror-2'],
    total: 92,
    whole: true,
  });
  expect(server.asked[0]?.path).toBe('/api/v1/namespaces/kube-system/pods?limit=500');
});

const pem = '-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n-----END CERTIFICATE REQUEST-----\n';
const base64 = (text: string) => Buffer.from(text).toString('base64');

function signingRequest(status: object = {}, resourceVersion = '1'): Record<string, unknown> {
  return {
    kind: 'CertificateSigningRequest',
    apiVersion: 'certificates.k8s.io/v1',
    metadata: {
      name: 'k8sd-7-worker-kubelet-serving',
      uid: '6a6b',
      resourceVersion,
      creationTimestamp: '2026-01-02T03:04:05Z',
      annotations: { 'k8sd.io/node': 'w' },
    },
    spec: {
      request: base64(pem),
      signerName: 'k8sd.io/kubelet-serving',
      expirationSeconds: 3600,
      usages: ['digital signature', 'key encipherment', 'server auth'],
      username: 'system:node:w',
      uid: '7',
      groups: ['system:nodes', 'system:authenticated'],
      extra: { 'authentication.kubernetes.io/credential-id': ['X509SHA256=ab'] },
    },
    status,
  };
}

const condition = (type: string) => ({
  type,
  status: 'True',
  reason: `${type}Reason`,
  message: `${type} message`,
  lastUpdateTime: '2026-01-02T03:04:05Z',
});

describe('certificate signing requests', () => {
  it('are read', async () => {
    const { kubernetes } = await speaking((_asked, response) => answer(response, signingRequest()));
    expect(await kubernetes.certificateRequest('k8sd-7-worker-kubelet-serving')).toEqual({
      name: 'k8sd-7-worker-kubelet-serving',
      uid: '6a6b',
      signerName: 'k8sd.io/kubelet-serving',
      request: pem,
      usages: ['digital signature', 'key encipherment', 'server auth'],
      expirationSeconds: 3600,
      username: 'system:node:w',
      groups: ['system:nodes', 'system:authenticated'],
      annotations: { 'k8sd.io/node': 'w' },
      state: 'pending',
      createdAt: '2026-01-02T03:04:05.000Z',
    });
  });

  it.each([
    ['approved', [condition('Approved')], 'Approved'],
    ['denied', [condition('Denied')], 'Denied'],
    ['failed', [condition('Approved'), condition('Failed')], 'Failed'],
    ['pending', [condition('Seen')], undefined],
  ])('are %s by their conditions', async (state, conditions, deciding) => {
    const { kubernetes } = await speaking((_asked, response) => answer(response, signingRequest({ conditions })));
    const request = await kubernetes.certificateRequest('x');
    expect(request?.state).toBe(state);
    expect(request?.reason).toBe(deciding && `${deciding}Reason`);
    expect(request?.message).toBe(deciding && `${deciding} message`);
  });

  it('hold a certificate once it is issued', async () => {
    const issued = { conditions: [condition('Approved')], certificate: base64('-----BEGIN CERTIFICATE-----\n') };
    const { kubernetes } = await speaking((_asked, response) => answer(response, signingRequest(issued)));
    expect((await kubernetes.certificateRequest('x'))?.certificate).toBe('-----BEGIN CERTIFICATE-----\n');
  });

  it('that do not exist are none, and gone when deleted', async () => {
    const { server, kubernetes } = await speaking((_asked, response) => notFound(response));
    expect(await kubernetes.certificateRequest('x')).toBeUndefined();
    await kubernetes.deleteCertificateRequest('x');
    expect(server.asked[1]).toMatchObject({
      method: 'DELETE',
      path: '/apis/certificates.k8s.io/v1/certificatesigningrequests/x',
    });
  });

  it('are deleted', async () => {
    const { kubernetes } = await speaking((_asked, response) =>
      answer(response, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success' }),
    );
    await kubernetes.deleteCertificateRequest('x');
  });
});

describe('making a certificate signing request', () => {
  const wanted = {
    name: 'k8sd-7-worker-kubelet-serving',
    signerName: 'k8sd.io/kubelet-serving',
    request: pem,
    usages: ['digital signature', 'key encipherment', 'server auth'],
    expirationSeconds: 3600,
    annotations: { 'k8sd.io/node': 'w' },
  };

  it('sends it as it is', async () => {
    const { server, kubernetes } = await speaking((_asked, response) => answer(response, signingRequest(), 201));
    await kubernetes.createCertificateRequest(wanted);
    expect(server.asked).toMatchObject([
      {
        method: 'POST',
        path: '/apis/certificates.k8s.io/v1/certificatesigningrequests',
        headers: { 'content-type': 'application/json' },
        body: {
          apiVersion: 'certificates.k8s.io/v1',
          kind: 'CertificateSigningRequest',
          metadata: { name: wanted.name, annotations: { 'k8sd.io/node': 'w' } },
          spec: {
            request: base64(pem),
            signerName: wanted.signerName,
            usages: wanted.usages,
            expirationSeconds: 3600,
          },
        },
      },
    ]);
  });

  const existing =
    (found: Record<string, unknown>): Answering =>
    (asked, response) => {
      if (asked.method === 'POST') refuse(response, 409, 'AlreadyExists', 'already exists');
      else answer(response, found);
    };

  it('counts one that is there with the same content as made', async () => {
    const { kubernetes } = await speaking(existing(signingRequest()));
    await kubernetes.createCertificateRequest(wanted);
  });

  it.each([
    ['another key', { ...wanted, request: pem.replace('MIIB', 'MIIC') }],
    ['another signer', { ...wanted, signerName: 'k8sd.io/kubelet-client' }],
  ])('refuses one that is there with %s', async (_what, other) => {
    const { kubernetes } = await speaking(existing(signingRequest()));
    await expect(kubernetes.createCertificateRequest(other)).rejects.toMatchObject({
      status: 409,
      reason: 'AlreadyExists',
    });
  });
});

describe('deciding', () => {
  const decision = { reason: 'CharmApproved', message: 'asked for by k8s-worker/0' };

  /** Keeps one request as an API server does: a write against another version than the present one is refused. */
  function keeping(status: object, conflicts = 0): { answering: Answering; written: () => unknown } {
    let version = 1;
    let left = conflicts;
    let conditions: unknown = status;
    return {
      written: () => conditions,
      answering(asked, response) {
        if (asked.method === 'GET') return answer(response, signingRequest(conditions as object, String(version)));
        const sent = asked.body as { metadata: { resourceVersion: string }; status: object };
        if (left > 0) {
          left -= 1;
          version += 1;
          return refuse(response, 409, 'Conflict', 'the object has been modified');
        }
        if (sent.metadata.resourceVersion !== String(version)) return refuse(response, 409, 'Conflict', 'stale');
        conditions = sent.status;
        version += 1;
        answer(response, signingRequest(conditions as object, String(version)));
      },
    };
  }

  it('approves through the approval subresource and keeps the other conditions', async () => {
    const kept = keeping({ conditions: [condition('Seen')] });
    const { server, kubernetes } = await speaking(kept.answering);
    await kubernetes.approve('k8sd-7-worker-kubelet-serving', decision);
    expect(server.asked.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'GET /apis/certificates.k8s.io/v1/certificatesigningrequests/k8sd-7-worker-kubelet-serving',
      'PUT /apis/certificates.k8s.io/v1/certificatesigningrequests/k8sd-7-worker-kubelet-serving/approval',
    ]);
    expect(kept.written()).toMatchObject({
      conditions: [
        { type: 'Seen', status: 'True', reason: 'SeenReason', message: 'Seen message' },
        { type: 'Approved', status: 'True', ...decision },
      ],
    });
    // What was asked for is written back as it was read.
    expect(server.asked[1]?.body).toMatchObject({
      metadata: { uid: '6a6b' },
      spec: signingRequest()['spec'] as object,
    });
  });

  it.each(['approve', 'deny'] as const)('does not %s another object that has the name by now', async (way) => {
    const kept = keeping({});
    const { server, kubernetes } = await speaking(kept.answering);
    await expect(kubernetes[way]('x', { ...decision, uid: 'of-the-one-that-was-read' })).rejects.toMatchObject({
      reason: 'Conflict',
      message: 'certificate signing request x is another one by now',
    });
    expect(server.asked.map(({ method }) => method)).toEqual(['GET']);
    await kubernetes[way]('x', { ...decision, uid: '6a6b' });
    expect(server.asked.map(({ method }) => method)).toEqual(['GET', 'GET', 'PUT']);
  });

  it('denies', async () => {
    const kept = keeping({});
    const { kubernetes } = await speaking(kept.answering);
    await kubernetes.deny('x', decision);
    expect(kept.written()).toMatchObject({ conditions: [{ type: 'Denied', status: 'True', ...decision }] });
  });

  it('tries again against the present version when another wrote in between', async () => {
    const kept = keeping({}, 2);
    const { server, kubernetes } = await speaking(kept.answering);
    await kubernetes.approve('x', decision);
    expect(server.asked.map(({ method }) => method)).toEqual(['GET', 'PUT', 'GET', 'PUT', 'GET', 'PUT']);
    expect(kept.written()).toMatchObject({ conditions: [{ type: 'Approved' }] });
  });

  it('gives up when others write all the time', async () => {
    const { kubernetes } = await speaking(keeping({}, 1000).answering);
    await expect(kubernetes.approve('x', decision)).rejects.toMatchObject({ reason: 'Conflict' });
  });

  it('leaves what is decided so already', async () => {
    const { server, kubernetes } = await speaking(keeping({ conditions: [condition('Approved')] }).answering);
    await kubernetes.approve('x', decision);
    expect(server.asked).toHaveLength(1);
  });

  it('cannot take back what was decided', async () => {
    const denied = await speaking(keeping({ conditions: [condition('Denied')] }).answering);
    await expect(denied.kubernetes.approve('x', decision)).rejects.toThrow('x is Denied already');
    const approved = await speaking(keeping({ conditions: [condition('Approved')] }).answering);
    await expect(approved.kubernetes.deny('x', decision)).rejects.toThrow('x is Approved already');
    expect([...denied.server.asked, ...approved.server.asked].map(({ method }) => method)).toEqual(['GET', 'GET']);
  });

  it('needs one to decide on', async () => {
    const { kubernetes } = await speaking((_asked, response) => notFound(response));
    const deciding = kubernetes.approve('x', decision);
    await expect(deciding).rejects.toBeInstanceOf(KubernetesError);
    await expect(deciding).rejects.toMatchObject({ status: 404, reason: 'NotFound' });
  });
});
