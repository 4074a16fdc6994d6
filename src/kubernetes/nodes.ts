/** Nodes: read, and their labels set. */
import type { V1Node } from '@kubernetes/client-node/dist/gen/models/V1Node.js';
import type { Client } from './client.ts';
import { isReason } from './failure.ts';
import type { Node } from './kubernetes.ts';

export async function node({ ask, core }: Client, name: string): Promise<Node | undefined> {
  try {
    return await ask(core.requests.readNode(name), async (response) => {
      const { data } = await core.answers.readNodeWithHttpInfo(response);
      return { data: nodeOf(data) };
    });
  } catch (error) {
    if (isReason(error, 'NotFound')) return undefined;
    throw error;
  }
}

export function nodes({ ask, core }: Client): Promise<readonly Node[]> {
  return ask(core.requests.listNode(), async (response) => {
    const { data } = await core.answers.listNodeWithHttpInfo(response);
    return { data: data.items.map(nodeOf) };
  });
}

export async function labelNode(
  { ask, core }: Client,
  name: string,
  labels: Readonly<Record<string, string | null>>,
): Promise<void> {
  const request = await core.requests.patchNode(name, { metadata: { labels } });
  // Of the kinds that the client may choose from, the one where null removes a member.
  request.setHeaderParam('Content-Type', 'application/merge-patch+json');
  await ask(Promise.resolve(request), (response) => core.answers.patchNodeWithHttpInfo(response));
}

function nodeOf({ metadata, status }: V1Node): Node {
  return {
    name: metadata?.name ?? '',
    ready: status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false,
    addresses: (status?.addresses ?? []).map(({ type, address }) => ({ type, address })),
    labels: metadata?.labels ?? {},
    kubeletVersion: status?.nodeInfo?.kubeletVersion ?? '',
  };
}
