/** What a unit sees of one relation. */

import type { Databag } from '../clients/juju/juju.ts';
import type { Ignored } from './remote-units.ts';

export interface RelationFacts {
  /** Empty for a peer relation that the unit has not entered yet. */
  readonly id: string;
  readonly application: string;
  /** Remote units with their databags. */
  readonly units: ReadonlyMap<string, Databag>;
  /** What remote units wrote that cannot be used, and that stands in none of `units`. */
  readonly ignored?: readonly Ignored[];
  /** Our unit's databag. */
  readonly own: Databag;
  /** Databag of the control plane's application: ours on a control plane, the remote one on a worker. */
  readonly shared: Databag;
}
