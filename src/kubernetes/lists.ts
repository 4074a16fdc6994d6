/**
 * Lists of whatever kind, page by page and never whole: a cluster may have more pods than a unit has memory for. Read as JSON and
 * not through the generated client, which would make a second copy of each object with all of its fields.
 */
import { KubernetesError } from './errors.ts';
import { badAnswer, refusal } from './failure.ts';
import type { Gathering, ListedObject, ListQuery } from './kubernetes.ts';
import { validate as objectProblems } from './listed-object.schema.json?validator';
import { validate as listProblems } from './object-list.schema.json?validator';
import { listSplitter } from './split-list.ts';
import type { Send } from './transport.ts';

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
 * continues from for some minutes only (410, `Expired`). Rejects with `KubernetesError`.
 */
export async function list<I extends ListedObject, R>(
  server: URL,
  send: Send,
  query: ListQuery,
  gather: () => Gathering<I, R>,
): Promise<R | undefined> {
  for (let attempt = 1; ; attempt += 1) {
    const gathering = gather();
    try {
      await eachObject(server, send, query, (object) => gathering.add(object as I));
      return gathering.result;
    } catch (error) {
      if (!(error instanceof KubernetesError)) throw error;
      if (error.status === 404) return undefined;
      if (error.status !== 410 || attempt === TRIES) throw error;
    }
  }
}

async function eachObject(
  server: URL,
  send: Send,
  query: ListQuery,
  take: (object: ListedObject) => void,
): Promise<void> {
  let token: string | undefined;
  do token = await eachOfPage(server, send, query, token, take);
  while (token !== undefined);
}

/** Gives where the next page begins. */
async function eachOfPage(
  server: URL,
  send: Send,
  query: ListQuery,
  token: string | undefined,
  take: (object: ListedObject) => void,
): Promise<string | undefined> {
  const url = new URL(pathOf(query), server);
  url.searchParams.set('limit', String(PAGE));
  if (query.fieldSelector !== undefined) url.searchParams.set('fieldSelector', query.fieldSelector);
  if (token !== undefined) url.searchParams.set('continue', token);
  const asked = `GET ${url.pathname}`;
  const splitter = listSplitter((item, head) => {
    // Whoever does not know the type may answer with whole objects: secrets, which are not to be looked at.
    if (query.metadataOnly && !head.includes(METADATA_KIND)) throw badAnswer(asked, 200);
    const object = parsed(item);
    if (objectProblems(object).length > 0) throw badAnswer(asked, 200);
    take(object as ListedObject);
  });
  const { status, text } = await send({
    method: 'GET',
    url: url.href,
    headers: { Accept: query.metadataOnly ? METADATA_ONLY : WHOLE },
    take: splitter.push,
  });
  if (status !== 200) throw refusal(asked, status, text);
  const rest = parsed(splitter.end());
  if (listProblems(rest).length > 0) throw badAnswer(asked, status);
  return (rest as { readonly metadata: { readonly continue?: string } }).metadata.continue || undefined;
}

function pathOf({ group, version, resource, namespace }: ListQuery): string {
  const root = group === '' ? '/api' : `/apis/${group}`;
  return `${root}/${version}${namespace === undefined ? '' : `/namespaces/${namespace}`}/${resource}`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
