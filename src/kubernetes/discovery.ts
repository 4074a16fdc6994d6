/** What an API server serves: its version, and all kinds in two questions (aggregated discovery, in every Kubernetes since 1.30). */
import { validate as discoveryProblems } from './discovery.schema.json?validator';
import { badAnswer, refusal } from './failure.ts';
import type { Kind } from './kubernetes.ts';
import type { Send } from './transport.ts';

const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

interface Discovery {
  readonly items: readonly Group[] | null;
}

interface Group {
  readonly metadata?: { readonly name?: string };
  readonly versions?: readonly {
    readonly version: string;
    readonly resources?: readonly {
      readonly resource: string;
      readonly responseKind?: { readonly kind?: string };
      readonly scope: string;
      readonly verbs: readonly string[];
      readonly categories?: readonly string[];
    }[];
  }[];
}

/** Each kind once, in the version that its group prefers. */
export async function kinds(server: URL, send: Send): Promise<readonly Kind[]> {
  const documents = await Promise.all(['/api', '/apis'].map((path) => discovery(server, send, path)));
  const found = new Map<string, Kind>();
  for (const { metadata, versions } of documents.flatMap(({ items }) => items ?? [])) {
    const group = metadata?.name ?? '';
    for (const { version, resources } of versions ?? []) {
      for (const { resource, responseKind, scope, verbs, categories } of resources ?? []) {
        const name = `${resource}.${group}`;
        if (found.has(name)) continue;
        const kind = responseKind?.kind ?? resource;
        const namespaced = scope === 'Namespaced';
        found.set(name, { group, version, resource, kind, namespaced, verbs, categories: categories ?? [] });
      }
    }
  }
  return [...found.values()];
}

/** `v1.36.4`. */
export async function serverVersion(server: URL, send: Send): Promise<string> {
  const answer = await get(server, send, '/version', 'application/json');
  const version = typeof answer === 'object' && answer !== null && 'gitVersion' in answer ? answer.gitVersion : '';
  if (typeof version !== 'string' || version === '') throw badAnswer('GET /version', 200);
  return version;
}

async function discovery(server: URL, send: Send, path: string): Promise<Discovery> {
  const answer = await get(server, send, path, AGGREGATED);
  if (discoveryProblems(answer).length > 0) throw badAnswer(`GET ${path}`, 200);
  return answer as Discovery;
}

async function get(server: URL, send: Send, path: string, accept: string): Promise<unknown> {
  const { status, text } = await send({ method: 'GET', url: new URL(path, server).href, headers: { Accept: accept } });
  if (status !== 200) throw refusal(`GET ${path}`, status, text);
  try {
    return JSON.parse(text);
  } catch {
    throw badAnswer(`GET ${path}`, status);
  }
}
