/** What an API server serves: its version, and all kinds in two questions (aggregated discovery, in every Kubernetes since 1.30). */
import { validate as discoveryProblems } from './discovery.schema.json?validator';
import { badAnswer } from './failure.ts';
import { anything, ask, type Client } from './json.ts';
import type { Kind } from './kubernetes.ts';

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
export async function kinds(client: Client): Promise<readonly Kind[]> {
  const documents = await Promise.all(['/api', '/apis'].map((path) => discovery(client, path)));
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
export async function serverVersion(client: Client): Promise<string> {
  const answer = await ask<unknown>(client, { method: 'GET', path: '/version' }, anything);
  const version = typeof answer === 'object' && answer !== null && 'gitVersion' in answer ? answer.gitVersion : '';
  if (typeof version !== 'string' || version === '') throw badAnswer('GET /version', 200);
  return version;
}

function discovery(client: Client, path: string): Promise<Discovery> {
  return ask(client, { method: 'GET', path, accept: AGGREGATED }, discoveryProblems);
}
