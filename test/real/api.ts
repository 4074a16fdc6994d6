/** The API of a cluster of stand-in machines whose API servers are real, for k8sd, kubelets and controllers that are not. */

import { Agent, request } from 'node:https';
import { isDeepStrictEqual } from 'node:util';
import { at, parseJson } from '../standins/machines/json.ts';
import { ApiUnreachable, type Asking, type ClusterObjects } from '../standins/machines/kubernetes/objects.ts';
import { apiVersion, type ResourceType, typeOf } from '../standins/machines/kubernetes/resources.ts';
import type { NodeMachine, RealApi } from '../standins/machines/machines.ts';
import { type Kubeconfig, readKubeconfig } from '../standins/machines/node/kubeconfig.ts';
import { paths } from '../standins/machines/node/paths.ts';
import type { KubernetesObject } from '../standins/machines/state.ts';
import { askEtcd, etcdMembers } from './probes.ts';

const ASK_MS = 10_000;
/** How often a change is tried when others write at the same time. */
const ATTEMPTS = 10;
const CSRS = typeOf('certificatesigningrequests');

class Refused extends Error {
  readonly status: number;
  constructor(what: string, status: number, message: string) {
    super(`${what}: ${status} ${message}`);
    this.status = status;
  }
}

/** Connections are kept, by who asks whom. */
const agents = new Map<string, Agent>();

function agentOf({ server, certificate, key, serverName }: Kubeconfig): Agent {
  const id = `${server} ${certificate}`;
  const present = agents.get(id);
  if (present !== undefined) return present;
  const made = new Agent({
    keepAlive: true,
    cert: certificate,
    key,
    // Whose certificate it is, tests of the charm's own client look at.
    rejectUnauthorized: false,
    ...(serverName === undefined ? {} : { servername: serverName }),
  });
  agents.set(id, made);
  return made;
}

/** Throws `ApiUnreachable`, or `Refused`. */
function ask(config: Kubeconfig, method: string, path: string, body?: unknown): Promise<unknown> {
  const url = new URL(path, config.server);
  const text = body === undefined ? undefined : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const unreachable = (error: Error) => reject(new ApiUnreachable(`${method} ${url}: ${error.message}`));
    const asking = request(
      url,
      {
        method,
        agent: agentOf(config),
        timeout: ASK_MS,
        headers: { accept: 'application/json', ...(text === undefined ? {} : { 'content-type': 'application/json' }) },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', unreachable);
        response.on('end', () => {
          const answer = Buffer.concat(chunks).toString('utf8');
          const status = response.statusCode ?? 0;
          if (status < 300) resolve(parseJson(answer));
          // An API server that is coming up refuses for a moment what it will allow.
          else if (status >= 500 || status === 429) unreachable(new Error(answer));
          else reject(new Refused(`${method} ${path}`, status, answer));
        });
      },
    );
    asking.on('timeout', () => asking.destroy(new Error('timed out')));
    asking.on('error', unreachable);
    asking.end(text);
  });
}

function pathOf(type: ResourceType, namespace: string, name = '', subresource = ''): string {
  const group = type.group === '' ? `/api/${type.version}` : `/apis/${type.group}/${type.version}`;
  const place = type.namespaced && namespace !== '' ? `/namespaces/${namespace}` : '';
  return `${group}${place}/${type.resource}${name === '' ? '' : `/${name}`}${subresource === '' ? '' : `/${subresource}`}`;
}

async function credentials(machine: NodeMachine, kubeconfig: string): Promise<Kubeconfig> {
  return readKubeconfig(await machine.files.need(`${paths.kubernetes}/${kubeconfig}`));
}

export const realApi: RealApi = {
  asking: async (machine, kubeconfig) => {
    const config = await credentials(machine, kubeconfig);
    return (method, path, body) => ask(config, method, path, body);
  },
  objects: (controlPlanes) => clusterObjects(throughAny(controlPlanes)),
  etcd: {
    add: async (through, peerUrl) => void (await askEtcd(through, '/v3/cluster/member/add', { peerURLs: [peerUrl] })),
    remove: async (through, name) => {
      const ID = (await etcdMembers(through)).get(name);
      if (ID !== undefined) await askEtcd(through, '/v3/cluster/member/remove', { ID });
    },
  },
};

/** As the administrator, at the first API server of the cluster that answers. */
function throughAny(controlPlanes: () => readonly NodeMachine[]): Asking {
  return async (method, path, body) => {
    let last: unknown = new ApiUnreachable('the cluster has no API server');
    for (const machine of controlPlanes()) {
      if (!machine.services.isActive('kube-apiserver')) continue;
      try {
        return await ask(await credentials(machine, 'admin.conf'), method, path, body);
      } catch (error) {
        if (!(error instanceof ApiUnreachable)) throw error;
        last = error;
      }
    }
    throw last;
  };
}

/** What an object of the machinery's has to say, with its kind. */
function whole(type: ResourceType, object: object): object {
  return { ...object, apiVersion: apiVersion(type), kind: type.kind };
}

function clusterObjects(asking: Asking): ClusterObjects {
  const find = async (type: ResourceType, namespace: string, name: string): Promise<KubernetesObject | undefined> => {
    try {
      return (await asking('GET', pathOf(type, namespace, name))) as KubernetesObject;
    } catch (error) {
      if (error instanceof Refused && error.status === 404) return undefined;
      throw error;
    }
  };

  const change: ClusterObjects['change'] = async (type, namespace, name, edit) => {
    for (let attempt = 1; ; attempt += 1) {
      const present = await find(type, namespace, name);
      if (present === undefined) return;
      const wanted = structuredClone(present);
      edit(wanted);
      try {
        await write(type, present, wanted);
        return;
      } catch (error) {
        if (!(error instanceof Refused) || error.status !== 409 || attempt === ATTEMPTS) throw error;
      }
    }
  };

  /** What has changed, each part by the path that takes it. */
  const write = async (type: ResourceType, present: KubernetesObject, wanted: KubernetesObject): Promise<void> => {
    const { namespace = '', name } = present.metadata;
    const { status: oldStatus, ...old } = present;
    const { status: newStatus, ...rest } = wanted;
    let version = present.metadata.resourceVersion;
    if (!isDeepStrictEqual(old, rest)) {
      const written = await asking('PUT', pathOf(type, namespace, name), whole(type, { ...rest, status: oldStatus }));
      version = String(at(written, 'metadata', 'resourceVersion'));
    }
    if (!type.status || isDeepStrictEqual(oldStatus, newStatus)) return;
    const metadata = { ...wanted.metadata, resourceVersion: version };
    await asking('PUT', pathOf(type, namespace, name, 'status'), whole(type, { ...wanted, metadata }));
  };

  const put = async (request: KubernetesObject, subresource: string, status: object): Promise<void> => {
    const { name } = request.metadata;
    await asking('PUT', pathOf(CSRS, '', name, subresource), whole(CSRS, { ...request, status }));
  };

  return {
    controlled: true,
    find,
    list: async (type) => {
      const items = at(await asking('GET', pathOf(type, '')), 'items');
      return (Array.isArray(items) ? items : []).map((item) => whole(type, item as object) as KubernetesObject);
    },
    create: async (type, draft) => {
      await asking('POST', pathOf(type, draft.metadata.namespace ?? ''), whole(type, draft));
    },
    change,
    ensure: async (type, draft) => {
      const { namespace = '', name } = draft.metadata;
      if ((await find(type, namespace, name)) === undefined) {
        await asking('POST', pathOf(type, namespace), whole(type, draft));
        return;
      }
      await change(type, namespace, name, (object) => {
        for (const [field, value] of Object.entries(draft))
          if (field === 'spec' || field === 'status')
            object[field] = { ...(object[field] as object | undefined), ...(value as object) };
          else if (field !== 'metadata') object[field] = value;
      });
    },
    delete: async (type, namespace, name) => {
      // A kubelet that has ended a pod says so.
      const body = type.resource === 'pods' ? { gracePeriodSeconds: 0 } : undefined;
      await asking('DELETE', pathOf(type, namespace, name), body);
    },
    decide: (request, conditions) => put(request, 'approval', { ...(request['status'] as object), conditions }),
    sign: (request, status) => put(request, 'status', status),
  };
}
