/**
 * An application without a charm at the other end of a relation, played by a test: it has units, databags and secrets, and
 * our side hears of them as it would of any other application's.
 */

import { setApplicationSettings } from './commit.ts';
import { applicationOf, type Controller } from './controller.ts';
import { addressSettings, enterScope, mergeSettings, relationsOf } from './relations.ts';
import {
  addRevision,
  applicationSubject,
  canRead,
  grantAccess,
  latestRevision,
  newRevision,
  newSecretId,
  unitSubject,
} from './secrets.ts';
import type { RelationState, RemoteApplicationState, SecretState, Settings } from './state.ts';

/** Relation id (`3`), `cluster:3`, or the name of the application's endpoint when it has one relation. */
export type RelationReference = number | string;

export interface RemoteApplication {
  readonly name: string;
  units(): readonly string[];
  /** Joins all relations of the application; gives its name. */
  addUnit(address?: string): string;
  /** Departs from all relations. */
  removeUnit(unit: string): void;
  /** Merges; an empty or undefined value deletes. */
  setUnitBag(where: RelationReference, unit: string, entries: Readonly<Record<string, string | undefined>>): void;
  setApplicationBag(where: RelationReference, entries: Readonly<Record<string, string | undefined>>): void;
  unitBag(where: RelationReference, unit: string): Settings;
  applicationBag(where: RelationReference): Settings;
  /** Owned by the application, or by one of its units; gives `secret:<id>`. */
  addSecret(content: Settings, options?: { readonly label?: string; readonly unit?: string }): string;
  updateSecret(uri: string, content: Settings): void;
  removeSecret(uri: string): void;
  /** Lets the other application of the relation read it, or one unit of it. */
  grant(uri: string, where: RelationReference, unit?: string): void;
  revoke(uri: string, where: RelationReference, unit?: string): void;
  /** Latest content as this unit may read it; throws `permission denied` or `secret "…" not found` as Juju would. */
  readSecret(uri: string, unit: string): Settings;
}

/** The relation that a reference means, seen from this application. */
export function findRelation(controller: Controller, application: string, where: RelationReference): RelationState {
  const relations = relationsOf(controller.state, application);
  const id = typeof where === 'number' ? where : /^(?:.*:)?([0-9]+)$/.exec(where)?.[1];
  const found =
    id !== undefined
      ? relations.filter((relation) => relation.id === Number(id))
      : relations.filter((relation) =>
          relation.endpoints.some((end) => end.application === application && end.name === where),
        );
  const [only] = found;
  if (!only) throw new Error(`${application} has no relation ${where}`);
  if (found.length > 1)
    throw new Error(`${application} has several relations at ${where}: ${found.map((each) => each.id).join(', ')}`);
  return only;
}

/** What happens to a simulated application when it is related: its units are there at once. */
export function enterAsRemote(controller: Controller, relation: RelationState): void {
  for (const { application } of relation.endpoints) {
    const remote = controller.state.remotes[application];
    for (const [unit, { address }] of Object.entries(remote?.units ?? {}))
      enterScope(relation, unit, addressSettings(address));
  }
}

export function remoteApplicationOf(controller: Controller, state: RemoteApplicationState): RemoteApplication {
  const { name } = state;
  const relation = (where: RelationReference): RelationState => findRelation(controller, name, where);

  const unitSettings = (where: RelationReference, unit: string): RelationState['units'][string] => {
    const member = relation(where).units[unit];
    if (!member) throw new Error(`${unit} is not in relation ${where}`);
    return member;
  };

  const ownSecret = (uri: string): SecretState => {
    const secret = controller.state.secrets[bareId(uri)];
    if (!secret || applicationOf(secret.owner.name) !== name) throw new Error(`secret "${uri}" not found`);
    return secret;
  };

  const subject = (where: RelationReference, unit: string | undefined): { subject: string; relation: number } => {
    const { endpoints, id } = relation(where);
    const other = endpoints.find((end) => end.application !== name)?.application ?? name;
    return { subject: unit === undefined ? applicationSubject(other) : unitSubject(unit), relation: id };
  };

  return {
    name,
    units: () => Object.keys(state.units),
    addUnit(address = `127.77.${Object.keys(controller.state.remotes).indexOf(name) + 1}.${state.nextUnit + 1}`) {
      const unit = `${name}/${state.nextUnit}`;
      state.nextUnit += 1;
      state.units[unit] = { address };
      for (const each of relationsOf(controller.state, name))
        if (each.life === 'alive') enterScope(each, unit, addressSettings(address));
      controller.changed();
      return unit;
    },
    removeUnit(unit) {
      delete state.units[unit];
      for (const each of relationsOf(controller.state, name)) {
        const member = each.units[unit];
        if (member) member.inScope = false;
      }
      controller.changed();
    },
    setUnitBag(where, unit, entries) {
      const member = unitSettings(where, unit);
      if (mergeSettings(member.settings, changes(entries))) member.version += 1;
      controller.changed();
    },
    setApplicationBag(where, entries) {
      setApplicationSettings(relation(where), name, changes(entries));
      controller.changed();
    },
    unitBag: (where, unit) => ({ ...unitSettings(where, unit).settings }),
    applicationBag: (where) => ({ ...relation(where).applications[name]?.settings }),
    addSecret(content, options = {}) {
      const id = newSecretId();
      const { label = '', unit } = options;
      controller.state.secrets[id] = {
        id,
        owner: unit === undefined ? { kind: 'application', name } : { kind: 'unit', name: unit },
        label,
        description: '',
        rotate: 'never',
        rotateDue: false,
        latest: 1,
        revisions: { 1: newRevision(encodeContent(content)) },
        grants: [],
        consumers: {},
      };
      return `secret:${id}`;
    },
    updateSecret(uri, content) {
      addRevision(ownSecret(uri), encodeContent(content));
      controller.changed();
    },
    removeSecret(uri) {
      delete controller.state.secrets[ownSecret(uri).id];
      controller.changed();
    },
    grant(uri, where, unit) {
      const grant = subject(where, unit);
      grantAccess(ownSecret(uri), grant.subject, grant.relation);
    },
    revoke(uri, where, unit) {
      const revoked = subject(where, unit);
      const secret = ownSecret(uri);
      secret.grants = secret.grants.filter(
        (each) => each.subject !== revoked.subject || each.relation !== revoked.relation,
      );
    },
    readSecret(uri, unit) {
      const id = bareId(uri);
      const secret = controller.state.secrets[id];
      if (!secret) throw new Error(`secret "${id}" not found`);
      if (!canRead(secret, unit)) throw new Error('permission denied');
      secret.consumers[unit] = { current: secret.latest, label: secret.consumers[unit]?.label ?? '' };
      controller.changed();
      return decodeContent(latestRevision(secret).content);
    },
  };
}

/** `secret:<id>`, `secret://<model>/<id>` or `<id>`. */
export function bareId(uri: string): string {
  return uri.slice(Math.max(uri.lastIndexOf(':'), uri.lastIndexOf('/')) + 1);
}

export function decodeContent(content: Settings): Settings {
  return Object.fromEntries(
    Object.entries(content).map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')]),
  );
}

export function encodeContent(content: Settings): Settings {
  return Object.fromEntries(
    Object.entries(content).map(([key, value]) => [key, Buffer.from(value, 'utf8').toString('base64')]),
  );
}

function changes(entries: Readonly<Record<string, string | undefined>>): ReadonlyMap<string, string> {
  return new Map(Object.entries(entries).map(([key, value]) => [key, value ?? '']));
}
