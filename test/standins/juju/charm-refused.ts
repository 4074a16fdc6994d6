/** A charm archive that Juju would not take; the message is Juju's. */
export class CharmRefused extends Error {
  override readonly name = 'CharmRefused';
}
