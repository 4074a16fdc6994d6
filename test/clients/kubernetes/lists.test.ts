/** Guards lists over the real protocol: page after page, begun anew when a token has expired, nothing but metadata of Secrets. */
import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { KubernetesError } from '../../../src/clients/kubernetes/errors.ts';
import type { Gathering, ListedObject } from '../../../src/clients/kubernetes/kubernetes.ts';
import { administrator } from './administrator.ts';
import { type Asked, answer, refuse } from './api-server.ts';

const speaking = administrator();

const PODS = { group: '', version: 'v1', resource: 'pods' };

function names(): Gathering<ListedObject, string[]> {
  const result: string[] = [];
  return { result, add: ({ metadata }) => result.push(metadata.name) };
}

const all = Array.from({ length: 1203 }, (_, number) => `pod-${String(number).padStart(4, '0')}`);

/** Gives so many at a time as it is asked for, from where the token says. */
function page({ path }: Asked, response: ServerResponse, kind = 'PodList'): void {
  const query = new URL(path, 'https://localhost').searchParams;
  const start = Number(query.get('continue') ?? 0);
  const end = start + Number(query.get('limit'));
  answer(response, {
    kind,
    apiVersion: 'v1',
    metadata: end < all.length ? { continue: String(end), remainingItemCount: all.length - end } : {},
    items: all.slice(start, end).map((name) => ({ metadata: { name, namespace: 'team' } })),
  });
}

/** In the middle of a page, behind an item that is whole. */
function breakOff(response: ServerResponse): void {
  response.writeHead(200, { 'Content-Type': 'application/json' });
  response.write('{"kind":"PodList","metadata":{},"items":[{"metadata":{"name":"a"}},', () => response.destroy());
}

const expired = (response: ServerResponse) =>
  refuse(response, 410, 'Expired', 'The provided continue parameter is too old to display a consistent list result.');

describe('a list', () => {
  it('comes in pages of 500, each object once', async () => {
    const { server, kubernetes } = await speaking((asked, response) => page(asked, response));
    expect(await kubernetes.list(PODS, names)).toEqual(all);
    expect(server.asked.map(({ path }) => path)).toEqual([
      '/api/v1/pods?limit=500',
      '/api/v1/pods?limit=500&continue=500',
      '/api/v1/pods?limit=500&continue=1000',
    ]);
  });

  it('is of a group, a namespace, or some objects', async () => {
    const { server, kubernetes } = await speaking((_asked, response) =>
      answer(response, { kind: 'JobList', metadata: {}, items: null }),
    );
    const query = { group: 'batch', version: 'v1', resource: 'jobs', namespace: 'team', fieldSelector: 'type=a/b' };
    expect(await kubernetes.list(query, names)).toEqual([]);
    expect(server.asked[0]?.path).toBe('/apis/batch/v1/namespaces/team/jobs?limit=500&fieldSelector=type%3Da%2Fb');
  });

  it('begins anew when its token has expired, and forgets what came before', async () => {
    let once = true;
    const { server, kubernetes } = await speaking((asked, response) => {
      if (!once || !asked.path.includes('continue=1000')) return page(asked, response);
      once = false;
      expired(response);
    });
    expect(await kubernetes.list(PODS, names)).toEqual(all);
    expect(server.asked).toHaveLength(6);
  });

  it('goes on where the API server says when its token has expired, with what it has', async () => {
    const { server, kubernetes } = await speaking((asked, response) => {
      if (!asked.path.endsWith('continue=1000')) return page(asked, response);
      const metadata = { continue: '1001' };
      answer(
        response,
        { kind: 'Status', metadata, status: 'Failure', reason: 'Expired', message: 'old', code: 410 },
        410,
      );
    });
    expect(await kubernetes.list(PODS, names)).toEqual(all.filter((_, index) => index !== 1000));
    expect(server.asked).toHaveLength(4);
  });

  it('does not go on for ever where it is told so', async () => {
    const { server, kubernetes } = await speaking((asked, response) => {
      if (!asked.path.includes('continue')) return page(asked, response);
      const metadata = { continue: `${server.asked.length}` };
      answer(
        response,
        { kind: 'Status', metadata, status: 'Failure', reason: 'Expired', message: 'old', code: 410 },
        410,
      );
    });
    await expect(kubernetes.list(PODS, names)).rejects.toMatchObject({ status: 410, reason: 'Expired' });
    expect(server.asked).toHaveLength(9);
  });

  it('does not begin anew for ever', async () => {
    const { server, kubernetes } = await speaking((asked, response) =>
      asked.path.includes('continue') ? expired(response) : page(asked, response),
    );
    await expect(kubernetes.list(PODS, names)).rejects.toMatchObject({ status: 410, reason: 'Expired' });
    expect(server.asked).toHaveLength(6);
  });

  it('of a kind that does not exist is none, and not an empty one', async () => {
    const { kubernetes } = await speaking((_asked, response) => {
      response.writeHead(404, { 'Content-Type': 'text/plain' });
      response.end('404 page not found\n');
    });
    expect(await kubernetes.list({ group: 'cilium.io', version: 'v2', resource: 'x' }, names)).toBeUndefined();
  });

  it('that is refused, or is no list, says so', async () => {
    const answers: readonly [(response: ServerResponse) => void, object][] = [
      [(r) => refuse(r, 403, 'Forbidden', 'pods is forbidden'), { reason: 'Forbidden', message: 'pods is forbidden' }],
      [(r) => refuse(r, 500, 'InternalError', 'etcdserver: request timed out'), { reason: 'InternalError' }],
      [(r) => answer(r, { kind: 'Status', metadata: {} }), { reason: 'BadAnswer' }],
      [(r) => answer(r, { kind: 'PodList', metadata: {}, items: [{ metadata: {} }] }), { reason: 'BadAnswer' }],
      [(r) => answer(r, { kind: 'PodList', metadata: {}, items: ['pod'] }), { reason: 'BadAnswer' }],
      [(r) => r.end('{"kind":"PodList","items":['), { reason: 'BadAnswer' }],
      [(r) => r.destroy(), { reason: 'Unreachable' }],
      [breakOff, { reason: 'Unreachable' }],
    ];
    for (const [respond, problem] of answers) {
      const { kubernetes } = await speaking((_asked, response) => respond(response));
      const error: unknown = await kubernetes.list(PODS, names).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(KubernetesError);
      expect(error).toMatchObject(problem);
    }
  });

  it('of metadata alone takes nothing else for an answer', async () => {
    const query = { group: '', version: 'v1', resource: 'secrets', metadataOnly: true } as const;
    const { server, kubernetes } = await speaking((asked, response) =>
      page(asked, response, 'PartialObjectMetadataList'),
    );
    expect(await kubernetes.list(query, names)).toHaveLength(all.length);
    expect(server.asked[0]?.headers.accept).toBe('application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1');
    const whole = await speaking((asked, response) => page(asked, response, 'SecretList'));
    await expect(whole.kubernetes.list(query, names)).rejects.toMatchObject({ reason: 'BadAnswer' });
    expect(whole.server.asked).toHaveLength(1);
  });
});

describe('what an API server serves', () => {
  it('is its version', async () => {
    const { kubernetes } = await speaking((_asked, response) =>
      answer(response, { major: '1', gitVersion: 'v1.36.4' }),
    );
    expect(await kubernetes.version()).toBe('v1.36.4');
    const other = await speaking((_asked, response) => answer(response, { hello: 'world' }));
    await expect(other.kubernetes.version()).rejects.toMatchObject({ reason: 'BadAnswer' });
  });

  it('is each kind once, in the version that its group prefers', async () => {
    const resource = (name: string, scope: string, rest: object = {}) => ({
      resource: name,
      responseKind: { group: '', version: '', kind: name.toUpperCase() },
      scope,
      verbs: ['list'],
      ...rest,
    });
    const document = (items: unknown) => ({
      kind: 'APIGroupDiscoveryList',
      apiVersion: 'apidiscovery.k8s.io/v2',
      items,
    });
    const { server, kubernetes } = await speaking(({ path }, response) =>
      answer(
        response,
        path === '/api'
          ? document([
              {
                metadata: {},
                versions: [{ version: 'v1', resources: [resource('pods', 'Namespaced', { categories: ['all'] })] }],
              },
            ])
          : document([
              {
                metadata: { name: 'example.com' },
                versions: [
                  { version: 'v2', resources: [resource('widgets', 'Cluster')] },
                  { version: 'v1', resources: [resource('widgets', 'Cluster'), resource('old', 'Namespaced')] },
                ],
              },
            ]),
      ),
    );
    const found = await kubernetes.kinds();
    expect(found.map(({ group, version, resource: name, namespaced }) => [group, version, name, namespaced])).toEqual([
      ['', 'v1', 'pods', true],
      ['example.com', 'v2', 'widgets', false],
      ['example.com', 'v1', 'old', true],
    ]);
    expect(found[0]).toMatchObject({ kind: 'PODS', verbs: ['list'], categories: ['all'] });
    expect(server.asked.map(({ path }) => path).sort()).toEqual(['/api', '/apis']);
    const old = await speaking((_asked, response) => answer(response, { kind: 'APIVersions', versions: ['v1'] }));
    await expect(old.kubernetes.kinds()).rejects.toMatchObject({ reason: 'BadAnswer' });
  });
});
