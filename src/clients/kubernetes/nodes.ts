/** Nodes: read, and their labels set. */
import { badAnswer } from './failure.ts';
import { anything, ask, type Client, unlessNotFound } from './json.ts';
import type { ListedObject, Node } from './kubernetes.ts';
import { list } from './lists.ts';
import { validate as nodeProblems } from './node.schema.json?validator';

const NODES = { group: '', version: 'v1', resource: 'nodes' };

interface NodeObject extends ListedObject {
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[] | null;
    readonly addresses?: readonly { readonly type: string; readonly address: string }[] | null;
    readonly nodeInfo?: { readonly kubeletVersion?: string };
  };
}

export async function node(client: Client, name: string): Promise<Node | undefined> {
  const found = await unlessNotFound(ask<NodeObject>(client, { method: 'GET', path: pathOf(name) }, nodeProblems));
  return found && nodeOf(found);
}

export async function nodes(client: Client): Promise<readonly Node[]> {
  const found = await list(client, NODES, () => {
    const result: Node[] = [];
    return {
      result,
      add: (object: NodeObject) => {
        if (nodeProblems(object).length > 0) throw badAnswer('GET /api/v1/nodes', 200);
        result.push(nodeOf(object));
      },
    };
  });
  // Every API server has Nodes: whatever has none is no API server, and says nothing about who is in the cluster.
  if (found === undefined) throw badAnswer('GET /api/v1/nodes', 404);
  return found;
}

export async function labelNode(
  client: Client,
  name: string,
  labels: Readonly<Record<string, string | null>>,
): Promise<void> {
  await ask(client, { method: 'PATCH', path: pathOf(name), body: { metadata: { labels } } }, anything);
}

function pathOf(name: string): string {
  return `/api/v1/nodes/${encodeURIComponent(name)}`;
}

function nodeOf({ metadata, status }: NodeObject): Node {
  return {
    name: metadata.name,
    ready: status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false,
    addresses: (status?.addresses ?? []).map(({ type, address }) => ({ type, address })),
    labels: metadata.labels ?? {},
    kubeletVersion: status?.nodeInfo?.kubeletVersion ?? '',
  };
}
