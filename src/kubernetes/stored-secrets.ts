/**
 * Secrets as etcd keeps them: which there are, without what they hold, and written once more as they are. The API server writes an
 * object that it has read with another key than the first, or with none, also when a request changes nothing of it
 * (https://kubernetes.io/docs/tasks/administer-cluster/encrypt-data/). Their content is neither asked for nor sent.
 */
import { badAnswer, isReason, refusal } from './failure.ts';
import type { SecretPage, StoredSecret } from './kubernetes.ts';
import { validate as listProblems } from './object-metadata-list.schema.json?validator';
import type { HttpQuestion, Send } from './transport.ts';

/** Kubernetes API concepts, "Metadata-only fetches"; a server that does not know them gives whole Secrets. */
const METADATA_ONLY = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json';

interface MetadataList {
  readonly metadata: { readonly continue?: string };
  readonly items: readonly {
    readonly metadata: {
      readonly name: string;
      readonly namespace: string;
      readonly uid: string;
      readonly resourceVersion: string;
    };
  }[];
}

/** @param after what the page before ended with. Rejects with `Expired` when the list cannot be gone on with. */
export async function secretPage(
  server: URL,
  send: Send,
  { limit, after }: { readonly limit: number; readonly after: string | undefined },
): Promise<SecretPage> {
  const url = new URL('/api/v1/secrets', server);
  url.searchParams.set('limit', String(limit));
  if (after !== undefined) url.searchParams.set('continue', after);
  const list = await ask(send, { method: 'GET', url: url.href, headers: { Accept: METADATA_ONLY } });
  return {
    secrets: list.items.map(({ metadata: { name, namespace, uid, resourceVersion } }) => ({
      name,
      namespace,
      uid,
      resourceVersion,
    })),
    next: list.metadata.continue || undefined,
  };
}

/** One that was changed since it was listed has been written by that, and one that is gone needs it no more. */
export async function rewriteSecret(server: URL, send: Send, secret: StoredSecret): Promise<void> {
  const { namespace, name, uid, resourceVersion } = secret;
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/secrets/${encodeURIComponent(name)}`;
  const { status, text } = await send({
    method: 'PATCH',
    url: new URL(path, server).href,
    headers: {
      Accept: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json',
      'Content-Type': 'application/merge-patch+json',
    },
    body: JSON.stringify({ metadata: { uid, resourceVersion } }),
    // The second time it is of a version that is past.
    repeatable: true,
  });
  if (status >= 200 && status <= 299) return;
  const error = refusal(`PATCH ${path}`, status, text);
  if (!isReason(error, 'Conflict') && !isReason(error, 'NotFound')) throw error;
}

async function ask(send: Send, question: HttpQuestion): Promise<MetadataList> {
  const asked = `GET ${new URL(question.url).pathname}`;
  const { status, text } = await send(question);
  if (status < 200 || status > 299) throw refusal(asked, status, text);
  const value = parse(text);
  if (listProblems(value).length > 0) throw badAnswer(asked, status);
  return value as MetadataList;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
