/** Assesses a unit: what its node is like, and on the leader what the policies of the cluster are like. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readStoredSecrets } from '../../clients/etcd/stored-secrets.ts';
import type { Clients } from '../../core/clients.ts';
import type { Node } from '../../core/node.ts';
import type { Role } from '../../core/role.ts';
import { optionOf } from '../../core/services.ts';
import type { EvaluateApiRule } from './api-rule.ts';
import { assess } from './assess.ts';
import {
  CATALOGUES,
  type Catalogue,
  type CatalogueName,
  catalogueOf,
  controlsOf,
  namesIn,
  readCatalogue,
} from './catalogue.ts';
import type { Benchmark, Control } from './control.ts';
import type { Assessment, Subject } from './finding.ts';
import { modesOf } from './mode-memory.ts';
import type { NodeFacts } from './node-facts.ts';
import { observeNode } from './observe-node.ts';
import { observePolicies } from './observe-policies.ts';
import type { HardeningOptions } from './options.ts';
import { asksForEncryption, withStoredSecrets } from './prove-encryption.ts';

export interface Catalogues {
  readonly byName: Readonly<Record<CatalogueName, Catalogue>>;
  /** The controls of a benchmark that are looked at on a unit of this role. */
  of(benchmark: Benchmark): readonly Control[];
}

/** As they lie in the charm's archive, which holds for a worker only what workers need. */
export async function openCatalogues({ juju }: Clients, role: Role): Promise<Catalogues> {
  const folder = juju.identity.charmDirectory;
  const read = await Promise.all(CATALOGUES.map(async (name) => [name, await readCatalogue(folder, name)] as const));
  const byName = Object.fromEntries(read) as Record<CatalogueName, Catalogue>;
  const places = role === 'worker' ? (['worker'] as const) : (['control-plane', 'cluster'] as const);
  return { byName, of: (benchmark) => controlsOf(byName[catalogueOf(benchmark)], benchmark, places) };
}

export interface Asked {
  readonly node: Node;
  readonly options: HardeningOptions;
  readonly catalogues: Catalogues;
  readonly controls: ReadonlyMap<Benchmark, readonly Control[]>;
  /** Whether the Kubernetes API is asked where a control wants it. */
  readonly withPolicies: boolean;
}

export interface Assessed {
  readonly assessments: readonly Assessment[];
  readonly facts: NodeFacts;
}

/** One assessment for each benchmark, over the same facts. */
export async function assessUnit(clients: Clients, asked: Asked): Promise<Assessed> {
  const { node, options, catalogues, controls, withPolicies } = asked;
  const facts = await observeNode(clients.host, allControls(catalogues), {
    role: node.role,
    version: node.snap?.version ?? '',
    exemptNamespaces: options.api?.exemptNamespaces ?? [],
  });
  const api = withPolicies ? await askApi(clients, node.name, facts, [...controls.values()].flat()) : undefined;
  const [subject, modes] = await Promise.all([
    subjectOf(clients, node),
    modesOf(clients.host, { cis: options.cis, stig: options.stig }),
  ]);
  const shared = {
    known: CATALOGUES.flatMap((name) => namesIn(catalogues.byName[name])),
    facts,
    waivers: options.waivers,
    api,
    subject,
    argumentsOption: optionOf,
    now: clients.host.now(),
  };
  const assessments = [...controls].map(([benchmark, own]) =>
    assess({ ...shared, benchmark, controls: own, mode: benchmark === 'stig' ? modes.stig : modes.cis }),
  );
  return { assessments: withPolicies ? await prove(clients, facts, assessments) : assessments, facts };
}

async function subjectOf({ juju }: Clients, node: Node): Promise<Subject> {
  const { unit, application, modelName, modelUuid, charmDirectory } = juju.identity;
  const { version = '', revision = '', channel } = node.snap ?? {};
  return {
    unit,
    application,
    node: node.name,
    address: node.address ?? '',
    model: modelName,
    modelUuid,
    cluster: node.clusterName ?? '',
    charm: await charmText(charmDirectory, node.role),
    snap: version === '' ? '' : `${version} (revision ${revision}${channel === undefined ? '' : `, ${channel}`})`,
  };
}

/** `k8s 0.1.0, local:k8s-3`: the archive says its version, and Juju writes beside it which charm it is. */
async function charmText(folder: string, role: Role): Promise<string> {
  const read = (file: string) => readFile(join(folder, file), 'utf8').catch(() => '');
  const [version, url] = await Promise.all([read('version'), read('.juju-charm')]);
  const name = role === 'worker' ? 'k8s-worker' : 'k8s';
  return [`${name} ${version.trim()}`.trim(), url.trim()].filter((part) => part !== '').join(', ');
}

/** For looking into the datastore. Of more Secrets than that the report says how many were looked at. */
const LOOK_MS = 60_000;

/** The datastore is one for all, so that one unit looks into it: the one that looks at the rest of the cluster. */
async function prove(
  { host }: Clients,
  { services }: NodeFacts,
  assessments: readonly Assessment[],
): Promise<readonly Assessment[]> {
  if (!assessments.some(({ findings }) => findings.some(({ control }) => asksForEncryption(control))))
    return assessments;
  const stored = await readStoredSecrets(host, services['kube-apiserver'].file ?? {}, { patienceMs: LOOK_MS });
  return assessments.map((assessment) => withStoredSecrets(assessment, stored));
}

/** What one benchmark looks at on a node the rules of another need to know of, too: pod security, encryption. */
function allControls({ byName }: Catalogues): readonly Control[] {
  return CATALOGUES.flatMap((name) => byName[name].controls);
}

async function askApi(
  clients: Clients,
  node: string,
  facts: NodeFacts,
  controls: readonly Control[],
): Promise<EvaluateApiRule | undefined> {
  const kubernetes = await clients.kubernetes();
  return kubernetes === undefined ? undefined : observePolicies(kubernetes, node, facts, controls);
}
