/** What an operator should know of the unit's certificates: pure, from what was read, the time, and what there has to be. */

import type { Role } from '../../../core/role.ts';
import { daysUntil } from '../../../core/validity.ts';
import { missingSans } from '../sans.ts';
import { thresholdOf } from '../threshold.ts';
import type { Examined } from './examined.ts';
import type { Flaw, FlawCode } from './flaws.ts';
import { type Place, placeOf, type Renewal } from './places.ts';
import type { Manager } from './record.ts';
import { howToReplace, isRenewable, REPLACE_STRANGER } from './remedies.ts';
import type { Served } from './served.ts';

export type FindingCode =
  | FlawCode
  | 'expired'
  | 'not-yet-valid'
  | 'expiring'
  | 'not-renewable'
  | 'san-missing'
  | 'served-differs';

export type Severity = (typeof SEVERITIES)[number];
export const SEVERITIES = ['error', 'warning', 'note'] as const;

export interface Finding {
  /** `error`: somebody refuses it, now or when a service restarts. `warning`: not yet. `note`: good to know. */
  readonly severity: Severity;
  /** Name of the certificate. */
  readonly certificate: string;
  readonly code: FindingCode;
  /** Completes the sentence that begins with the certificate's name. */
  readonly message: string;
  readonly remedy: string;
}

export interface Circumstances {
  readonly role: Role;
  readonly now: Date;
  /** Remaining life under which a certificate is about to expire. */
  readonly warnSeconds: number;
  /** Names and addresses that a certificate must have, by its name. */
  readonly requiredSans: Readonly<Record<string, readonly string[]>>;
  /** Who brings new ones, by name; the snap does for all others. */
  readonly managers: Readonly<Record<string, Manager>>;
  /** What was seen on the wire; empty when nobody looked. */
  readonly served: ReadonlyMap<string, Served>;
}

/** Another cluster is not built within a month. */
export const EARLY_SECONDS = 180 * 86_400;

/** With a CA a cluster ends, which wants planning; however short the CA's life is, this is never too early. */
const AUTHORITY_SECONDS = 365 * 86_400;

/** Who has to bring the next one has to have it issued first. */
const BRING_SECONDS = 60 * 86_400;

/** By severity, and within it in the order of the inventory. */
export function findingsOf(inventory: readonly Examined[], circumstances: Circumstances): readonly Finding[] {
  const found = inventory.flatMap((certificate) => {
    const subject = { certificate, ...situationOf(certificate, inventory, circumstances) };
    return [
      ...certificate.flaws.map((flaw) => flawFinding(subject, flaw)),
      ...timeFindings(subject, circumstances),
      ...nameFindings(subject, circumstances),
      ...servedFindings(subject, circumstances),
    ];
  });
  return SEVERITIES.flatMap((wanted) => found.filter(({ severity }) => severity === wanted));
}

interface Situation {
  readonly place: Place;
  readonly replace: string;
  readonly renewable: boolean;
  readonly manager: Manager;
  readonly role: Role;
}

interface Subject extends Situation {
  readonly certificate: Examined;
}

export function situationOf(
  { name, issuable }: Examined,
  inventory: readonly Examined[],
  { role, managers, now }: Pick<Circumstances, 'role' | 'managers' | 'now'>,
): Situation {
  const place = placeIn(inventory, role, name);
  const manager = managers[name] ?? 'snap';
  // Others bring theirs to a stranger, too; k8sd issues only what is asked for.
  if (manager === 'snap' && place.renewal === 'refresh' && isStranger(inventory, role, now))
    return { role, place, manager, replace: REPLACE_STRANGER, renewable: false };
  return {
    role,
    place,
    manager,
    replace: howToReplace(place, role, manager, issuable),
    renewable: isRenewable(place, manager, issuable),
  };
}

/** A worker whose kubelet cannot ask the API server for anything any more, since its own certificate is over. */
function isStranger(inventory: readonly Examined[], role: Role, now: Date): boolean {
  const end = inventory.find(({ name }) => name === 'kubelet.conf')?.notAfter;
  return role === 'worker' && end !== undefined && now > end;
}

/** Who or what brings the next one, in a word or two: `refresh`, `provider`, `operator`, `not renewable (add a unit)`. */
export function renewalOf(
  name: string,
  inventory: readonly Examined[],
  { role, managers, now }: Pick<Circumstances, 'role' | 'managers' | 'now'>,
): string {
  const found = inventory.find((one) => one.name === name);
  const manager = managers[name] ?? 'snap';
  if (manager !== 'snap') return manager === 'relation' ? 'provider' : 'operator';
  const { renewal } = placeIn(inventory, role, name);
  if (renewal === 'refresh' && isStranger(inventory, role, now)) return RENEWALS['replace-unit'];
  return renewal === 'refresh' && found?.issuable !== true ? 'operator' : RENEWALS[renewal];
}

const RENEWALS: Readonly<Record<Renewal, string>> = {
  refresh: 'refresh',
  'replace-unit': 'not renewable (add a unit)',
  'replace-cluster': 'not renewable (new cluster)',
  datastore: 'datastore',
};

/** Beside a client's certificate for it, etcd's authority is that of a datastore outside of the cluster. */
export function placeIn(inventory: readonly Examined[], role: Role, name: string): Place {
  const place = placeOf(role, name);
  const external = place.name === 'etcd/ca' && inventory.some(({ name }) => name === 'etcd/client');
  return external ? { ...place, renewal: 'datastore' } : place;
}

/** Seconds before its end from which on this certificate is worth a word: what does not come by itself needs time. */
export function warnedBefore(
  life: { readonly notBefore: Date; readonly notAfter: Date },
  { renewable, manager, place }: Pick<Situation, 'renewable' | 'manager' | 'place'>,
  warnSeconds: number,
): number {
  if (place.kind === 'authority' && !renewable) return Math.max(warnSeconds, AUTHORITY_SECONDS);
  const needed = renewable ? (manager === 'operator' ? BRING_SECONDS : 0) : EARLY_SECONDS;
  return thresholdOf(life, Math.max(warnSeconds, needed));
}

/** RFC 5280 section 4.1.2.5: both ends belong to the validity. */
function timeFindings(
  { certificate, replace, renewable, manager, place }: Subject,
  { now, warnSeconds }: Circumstances,
): readonly Finding[] {
  const { name, notBefore, notAfter } = certificate;
  if (notBefore === undefined || notAfter === undefined) return [];
  const at = { certificate: name, remedy: replace };
  if (now > notAfter) return [{ ...at, severity: 'error', code: 'expired', message: `expired ${day(notAfter)}` }];
  if (now < notBefore) {
    const remedy = `if the clock of this machine is right, ${replace}; else set the clock`;
    const message = `is not valid before ${notBefore.toISOString()}`;
    return [{ ...at, severity: 'error', code: 'not-yet-valid', message, remedy }];
  }
  const leftSeconds = (notAfter.getTime() - now.getTime()) / 1000;
  const ends = `expires in ${days(daysUntil(notAfter, now))}, ${day(notAfter)}`;
  if (leftSeconds >= warnedBefore({ notBefore, notAfter }, { renewable, manager, place }, warnSeconds)) return [];
  return renewable
    ? [{ ...at, severity: 'warning', code: 'expiring', message: ends }]
    : [{ ...at, severity: 'warning', code: 'not-renewable', message: `${ends}, and cannot be renewed by k8sd` }];
}

/** RFC 6125 section 6.4: a client refuses a server whose certificate does not name what it connects to. */
function nameFindings({ certificate, replace }: Subject, { requiredSans }: Circumstances): readonly Finding[] {
  if (certificate.notAfter === undefined) return [];
  const missing = missingSans(certificate.sans, requiredSans[certificate.name] ?? []);
  if (missing.length === 0) return [];
  const more = missing.length > MOST_NAMES ? ` and ${missing.length - MOST_NAMES} more` : '';
  const message = `lacks ${missing.slice(0, MOST_NAMES).join(', ')}${more}`;
  return [{ severity: 'warning', certificate: certificate.name, code: 'san-missing', message, remedy: replace }];
}

const MOST_NAMES = 5;

function servedFindings({ certificate, place, role }: Subject, { served }: Circumstances): readonly Finding[] {
  if (served.get(certificate.name) !== 'other') return [];
  const service = place.services[0] ?? 'its service';
  return [
    {
      severity: 'warning',
      certificate: certificate.name,
      code: 'served-differs',
      message: `is not what ${service} serves on port ${place.port}`,
      remedy: `${service} has not read it yet: restart it with snap restart k8s.${service}${role === 'control-plane' ? ', one control plane at a time' : ''}`,
    },
  ];
}

function flawFinding({ certificate, place, replace }: Subject, [code, detail]: Flaw): Finding {
  const finding = (severity: Finding['severity'], message: string, remedy = replace): Finding => ({
    severity,
    certificate: certificate.name,
    code,
    message,
    remedy,
  });
  const otherKey = `put the key that belongs to it into ${place.keyPath ?? place.path}, or ${replace}`;
  switch (code) {
    case 'unreadable':
      return finding('error', detail);
    case 'key-mismatch':
      return finding('error', 'does not belong to the private key beside it', otherKey);
    case 'key-missing':
      return finding('error', 'has no private key beside it', otherKey);
    case 'key-unreadable':
      return finding('error', 'has a private key beside it that cannot be read', otherKey);
    case 'key-unsupported':
      return finding('warning', `has a key of the kind ${detail}; k8sd reads RSA only, so that no refresh can succeed`);
    case 'weak-key':
      return finding('warning', `has a weak key (${detail})`);
    case 'weak-signature':
      return finding('error', `is signed with a broken hash (${detail})`);
    case 'chain':
      return finding('error', detail);
    case 'outlives-authority':
      return finding('note', `is valid for longer than ${detail}`, 'count with the end of its authority');
    case 'not-an-authority':
      return finding('error', 'is used as an authority and is none (no CA flag, or a key usage without certificates)');
    case 'usage':
      return finding('error', detail);
    case 'trailing-data':
      return detail === 'within'
        ? finding('error', 'is followed by garbage within its PEM block, which Go refuses', cleanUp(place))
        : finding('warning', 'is followed by something that is no PEM', cleanUp(place));
  }
}

function cleanUp({ path }: Place): string {
  return `take out of ${path} what does not belong there`;
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}

export function days(count: number): string {
  if (count < 1) return 'less than a day';
  return count === 1 ? '1 day' : `${count} days`;
}
