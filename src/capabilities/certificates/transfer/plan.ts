/**
 * Hands our authority's certificate to other applications: the providing side of interface `certificate_transfer`. Pure.
 *
 * A requirer that writes `version` 1 into its application's databag reads ours there, and only the leader writes it. Older ones read the
 * databag of any one of our units, so that each unit writes its own.
 */

import type { Databag } from '../../../clients/juju/juju.ts';

export interface TransferRelation {
  readonly id: string;
  /** Of the remote application. */
  readonly remote: Databag;
  /** Our unit's. */
  readonly ownUnit: Databag;
  /** Our application's; empty for units that do not lead. */
  readonly ownApplication: Databag;
}

export interface TransferFacts {
  readonly relations: readonly TransferRelation[];
  readonly leader: boolean;
  /** PEM, in order of importance; older requirers take the first for the one that counts. */
  readonly authorities: readonly string[];
}

export interface TransferChange {
  readonly kind: 'share-authorities';
  readonly relation: string;
  readonly bag: 'unit' | 'application';
  /** As the databag is to have them; undefined: gone. */
  readonly entries: Readonly<Record<string, string | undefined>>;
}

/** Keys of the two forms. */
const CURRENT = ['certificates', 'version'];
const FORMER = ['ca', 'certificate', 'chain', 'version'];

type Entries = Readonly<Record<string, string | undefined>>;

/** Changes until the databags say what they should; none when they do. */
export function planTransfer({ relations, leader, authorities }: TransferFacts): readonly TransferChange[] {
  const unique = [...new Set(authorities.map((pem) => pem.trim()))].filter((pem) => pem !== '');
  return relations.flatMap(({ id, remote, ownUnit, ownApplication }) => {
    const current = remote['version'] === '1';
    return [
      ...change(id, 'unit', ownUnit, current ? nothing(FORMER) : former(unique)),
      ...(leader ? change(id, 'application', ownApplication, current ? currentForm(unique) : nothing(CURRENT)) : []),
    ];
  });
}

/** An empty list is said, so that a requirer gives up what we sent before. */
function currentForm(authorities: readonly string[]): Entries {
  return { certificates: JSON.stringify(authorities), version: '1' };
}

/** The older form cannot say that there is none any more; its keys go. */
function former(authorities: readonly string[]): Entries {
  const [first] = authorities;
  if (first === undefined) return nothing(FORMER);
  return {
    ca: JSON.stringify(first),
    certificate: JSON.stringify(first),
    chain: JSON.stringify(authorities),
    version: '0',
  };
}

function nothing(keys: readonly string[]): Entries {
  return Object.fromEntries(keys.map((key) => [key, undefined]));
}

function change(
  relation: string,
  bag: 'unit' | 'application',
  own: Databag,
  entries: Entries,
): readonly TransferChange[] {
  const differs = Object.entries(entries).some(([key, value]) => (own[key] ?? '') !== (value ?? ''));
  return differs ? [{ kind: 'share-authorities', relation, bag, entries }] : [];
}
