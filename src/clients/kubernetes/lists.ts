/**
 * Lists of whatever kind, page by page and never whole: a cluster may have more pods than a unit has memory for, and a tenant may make his
 * objects as large as etcd takes them. Each object is read by itself, and a page that is too large is asked for again with fewer.
 */
import { ExpiredError, KubernetesError, ListTooLarge } from './errors.ts';
import { badAnswer, isReason, refusal } from './failure.ts';
import { type Client, parseJson } from './json.ts';
import type { Gathering, ListedObject, ListQuery } from './kubernetes.ts';
import { validate as objectProblems } from './listed-object.schema.json?validator';
import { validate as listProblems } from './object-list.schema.json?validator';
import { listSplitter } from './split-list.ts';

/** As many as Kubernetes' own clients ask for at a time. */
const PAGE = 500;
/** A list that begins anew each time that its token has expired would never end where the API server is too slow for it. */
const TRIES = 3;

const WHOLE = 'application/json';
/** https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-tables: the bodies stay in the API server. */
const METADATA_ONLY = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';
/** Kubernetes writes it before the items. */
const METADATA_KIND = '"kind":"PartialObjectMetadataList"';

/**
 * Undefined when there is no such kind. `gather` is called again when the list has to begin anew: the API server keeps what a page
 * continues from for some minutes only (410, `Expired`), and does not always say how to go on. Rejects with `KubernetesError`.
 */
export async function list<I extends ListedObject, R>(
  client: Client,
  query: ListQuery,
  gather: () => Gathering<I, R>,
): Promise<R | undefined> {
  const size = { limit: PAGE, read: 0 };
  for (let attempt = 1; ; ) {
    const gathering = gather();
    try {
      await eachObject(client, query, size, (object) => gathering.add(object as I));
      return gathering.result;
    } catch (error) {
      if (!(error instanceof KubernetesError)) throw error;
      if (error.status === 404) return undefined;
      if (error instanceof BeginAnew) continue;
      if (error.status !== 410 || attempt === TRIES) throw error;
      attempt += 1;
    }
  }
}

/** The first page was too large: without a token another question is for another state of the list. */
class BeginAnew extends KubernetesError {}

interface PageSize {
  /** Objects that are asked for at a time; never more again when a page was too large. */
  limit: number;
  /** Characters that have been read. */
  read: number;
}

async function eachObject(
  client: Client,
  query: ListQuery,
  size: PageSize,
  take: (object: ListedObject) => void,
): Promise<void> {
  let token: string | undefined;
  /** Objects behind the token that have been taken already, from a page that was too large to come to its end. */
  let taken = 0;
  let expired = false;
  for (;;) {
    let seen = 0;
    try {
      token = await page(client, query, { limit: size.limit, token, size }, (object) => {
        seen += 1;
        if (seen > taken) take(object);
      });
      if (token === undefined) return;
      taken = Math.max(0, taken - seen);
      expired = false;
    } catch (error) {
      if (error instanceof ExpiredError && error.next !== undefined && !expired) {
        // The rest of the list as it is now.
        token = error.next;
        expired = true;
        continue;
      }
      if (!isReason(error, 'TooLarge') || size.limit === 1 || error instanceof ListTooLarge) throw error;
      size.limit = smaller(size.limit, seen);
      if (token === undefined && seen > 0) throw new BeginAnew(0, 'TooLarge', 'the first page is too large');
      taken = Math.max(taken, seen);
    }
  }
}

/** Of a page that was too large after so many objects, so many fit into half of what an answer may have. */
export function smaller(limit: number, seen: number): number {
  return Math.max(1, Math.floor(Math.min(limit, seen + 1) / 2));
}

/** Asks for one page. @returns where the next one begins. Rejects with `TooLarge`, when objects may have been taken already. */
export async function page(
  { server, send }: Client,
  query: ListQuery,
  {
    limit,
    token,
    size,
  }: { readonly limit: number; readonly token: string | undefined; readonly size?: { read: number } },
  take: (object: ListedObject) => void,
): Promise<string | undefined> {
  const url = new URL(pathOf(query), server);
  url.searchParams.set('limit', String(limit));
  if (query.fieldSelector !== undefined) url.searchParams.set('fieldSelector', query.fieldSelector);
  if (token !== undefined) url.searchParams.set('continue', token);
  const asked = `GET ${url.pathname}`;
  const splitter = listSplitter((item, head) => {
    // Whoever does not know the type may answer with whole objects: secrets, which are not to be looked at.
    if (query.metadataOnly && !head.includes(METADATA_KIND)) throw badAnswer(asked, 200);
    const object = parseJson(item);
    if (objectProblems(object).length > 0) throw badAnswer(asked, 200);
    take(object as ListedObject);
  });
  const { status, text } = await send({
    method: 'GET',
    url: url.href,
    headers: { Accept: query.metadataOnly ? METADATA_ONLY : WHOLE },
    take: (piece) => {
      if (size !== undefined) size.read += piece.length;
      if (size !== undefined && query.most !== undefined && size.read > query.most)
        throw new ListTooLarge(asked, query.most);
      splitter.push(piece);
    },
  });
  if (status !== 200) throw refusal(asked, status, text);
  const rest = parseJson(splitter.end());
  if (listProblems(rest).length > 0) throw badAnswer(asked, status);
  return (rest as { readonly metadata: { readonly continue?: string } }).metadata.continue || undefined;
}

function pathOf({ group, version, resource, namespace }: ListQuery): string {
  const root = group === '' ? '/api' : `/apis/${encodeURIComponent(group)}`;
  const within = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  return `${root}/${encodeURIComponent(version)}${within}/${encodeURIComponent(resource)}`;
}
