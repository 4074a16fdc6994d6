/**
 * Secrets as etcd keeps them: which there are, without what they hold, and written once more as they are. The API server writes an
 * object that it has read with another key than the first, or with none, also when a request changes nothing of it
 * (https://kubernetes.io/docs/tasks/administer-cluster/encrypt-data/). Their content is neither asked for nor sent, and an answer that has
 * it is refused before it is read.
 */
import { ExpiredError } from './errors.ts';
import { badAnswer, isReason } from './failure.ts';
import { anything, ask, type Client, unlessNotFound } from './json.ts';
import type { ListedObject, SecretName, SecretPage, StoredSecret } from './kubernetes.ts';
import { page, smaller } from './lists.ts';
import { validate as metadataProblems } from './object-metadata.schema.json?validator';

const SECRETS = { group: '', version: 'v1', resource: 'secrets', metadataOnly: true } as const;
/** Kubernetes API concepts, "Metadata-only fetches". Nothing else is taken for an answer. */
const METADATA_ONLY = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';

interface Metadata {
  readonly metadata: StoredSecret;
}

/**
 * @param after what the page before ended with. When etcd no longer has what the list was of, the rest of the list is given as it is now:
 * what was written meanwhile may be missing. Rejects with `Expired` when the API server does not say how to go on.
 */
export async function secretPage(
  client: Client,
  { limit, after }: { readonly limit: number; readonly after: string | undefined },
): Promise<SecretPage> {
  let token = after;
  for (let size = limit; ; ) {
    const secrets: StoredSecret[] = [];
    try {
      const next = await page(client, SECRETS, { limit: size, token }, (object) => secrets.push(storedOf(object)));
      return { secrets, next };
    } catch (error) {
      if (error instanceof ExpiredError && error.next !== undefined && token === after) token = error.next;
      else if (isReason(error, 'TooLarge') && size > 1) size = smaller(size, secrets.length);
      else throw error;
    }
  }
}

export async function storedSecret(client: Client, name: SecretName): Promise<StoredSecret | undefined> {
  const question = { method: 'GET', path: pathOf(name), accept: METADATA_ONLY } as const;
  const found = await unlessNotFound(ask<Metadata>(client, question, metadataProblems));
  return found && storedOf(found);
}

/** One that was changed since it was listed has been written by that, and one that is gone needs it no more. */
export async function rewriteSecret(client: Client, secret: StoredSecret): Promise<void> {
  const { uid, resourceVersion } = secret;
  try {
    await ask(
      client,
      {
        method: 'PATCH',
        path: pathOf(secret),
        accept: METADATA_ONLY,
        body: { metadata: { uid, resourceVersion } },
        // The second time it is of a version that is past.
        repeatable: true,
      },
      anything,
    );
  } catch (error) {
    if (!isReason(error, 'Conflict') && !isReason(error, 'NotFound')) throw error;
  }
}

function pathOf({ namespace, name }: SecretName): string {
  return `/api/v1/namespaces/${encodeURIComponent(namespace)}/secrets/${encodeURIComponent(name)}`;
}

function storedOf(object: ListedObject | Metadata): StoredSecret {
  if (metadataProblems({ kind: 'PartialObjectMetadata', ...object }).length > 0)
    throw badAnswer('GET /api/v1/secrets', 200);
  const { name, namespace, uid, resourceVersion } = (object as Metadata).metadata;
  return { name, namespace, uid, resourceVersion };
}
