/** Secrets as the controller keeps them: who owns one, who may read it, which revisions anybody still wants. */

import { randomBytes } from 'node:crypto';
import { applicationOf, isLeader } from './controller.ts';
import type { ModelState, SecretRevision, SecretState, Settings, UnitState } from './state.ts';

const ALPHABET = '0123456789abcdefghijklmnopqrstuv';

/** What the twentieth character may be: twelve bytes are nineteen characters of five bits, and one bit. */
const LAST = '0g';

/** Twenty characters, as Juju's ids (xid) have: twelve bytes in base32, of which the last character holds one bit. */
export function newSecretId(): string {
  const bytes = [...randomBytes(20)];
  return bytes
    .map((byte, index) => (index < 19 ? ALPHABET[byte % ALPHABET.length] : LAST[byte % LAST.length]))
    .join('');
}

/** Whether this unit decides about the secret: the owner unit, or the leader of the owner application. */
export function manages(state: ModelState, unit: UnitState, secret: SecretState): boolean {
  if (secret.owner.kind === 'model') return false;
  if (secret.owner.kind === 'unit') return secret.owner.name === unit.name;
  return secret.owner.name === unit.application && isLeader(state, unit);
}

/** Made by a person, with `juju add-secret`. */
export function isModelSecret(secret: SecretState): boolean {
  return secret.owner.kind === 'model';
}

export function canRead(secret: SecretState, unitName: string): boolean {
  const application = applicationOf(unitName);
  if (secret.owner.kind !== 'model' && secret.owner.name === (secret.owner.kind === 'unit' ? unitName : application))
    return true;
  return secret.grants.some(
    ({ subject }) => subject === unitSubject(unitName) || subject === applicationSubject(application),
  );
}

export function unitSubject(unit: string): string {
  return `unit-${unit.replaceAll('/', '-')}`;
}

export function applicationSubject(application: string): string {
  return `application-${application}`;
}

export function latestRevision(secret: SecretState): SecretRevision {
  const revision = secret.revisions[secret.latest];
  if (!revision) throw new Error(`secret ${secret.id} has no revision ${secret.latest}`);
  return revision;
}

/** Old revisions that nobody tracks. */
export function obsoleteRevisions(secret: SecretState): readonly number[] {
  const tracked = new Set(Object.values(secret.consumers).map(({ current }) => current));
  return Object.keys(secret.revisions)
    .map(Number)
    .filter((revision) => revision < secret.latest && !tracked.has(revision));
}

/** A new revision, unless the content is what it is already. */
export function addRevision(secret: SecretState, content: Settings, expire?: string): void {
  if (sameContent(latestRevision(secret).content, content)) return;
  secret.latest += 1;
  secret.rotateDue = false;
  secret.revisions[secret.latest] = newRevision(content, expire);
}

export function newRevision(content: Settings, expire?: string): SecretRevision {
  return { content, created: new Date().toISOString(), ...(expire === undefined ? {} : { expire }) };
}

/** Revisions of a secret, or all of it, are gone. */
export function removeRevisions(state: ModelState, secret: SecretState, revisions: readonly number[] | 'all'): void {
  if (revisions === 'all') {
    delete state.secrets[secret.id];
    return;
  }
  for (const revision of revisions) delete secret.revisions[revision];
  const left = Object.keys(secret.revisions).map(Number);
  if (left.length === 0) delete state.secrets[secret.id];
  else secret.latest = Math.max(...left);
}

export function grantAccess(secret: SecretState, subject: string, relation?: number): void {
  if (secret.grants.some((grant) => grant.subject === subject && grant.relation === relation)) return;
  secret.grants.push({ subject, ...(relation === undefined ? {} : { relation }) });
}

/** Expiry times that have passed, oldest revision first. */
export function expiredRevisions(secret: SecretState, now: Date): readonly number[] {
  return Object.entries(secret.revisions)
    .filter(([, { expire }]) => expire !== undefined && Date.parse(expire) <= now.getTime())
    .map(([revision]) => Number(revision));
}

/** When the next secret of those that the unit decides about runs out, in milliseconds since 1970; undefined: none will. */
export function nextExpiry(state: ModelState, unit: UnitState, now: Date): number | undefined {
  const times = Object.values(state.secrets)
    .filter((secret) => manages(state, unit, secret))
    .flatMap(({ revisions }) => Object.values(revisions).map(({ expire }) => Date.parse(expire ?? '')))
    .filter((time) => time > now.getTime());
  return times.length === 0 ? undefined : Math.min(...times);
}

/** What a unit or application owned goes with it. */
export function removeSecretsOf(state: ModelState, owner: SecretState['owner']): void {
  for (const secret of Object.values(state.secrets)) {
    if (secret.owner.kind === owner.kind && secret.owner.name === owner.name) delete state.secrets[secret.id];
  }
}

function sameContent(a: Settings, b: Settings): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}
