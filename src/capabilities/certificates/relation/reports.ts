/** What the operator is told: which certificates are not what they should be, why, and what to do. */

import type { UnitStatus } from '../../../clients/juju/status.ts';
import type { RelationFacts, WishFacts } from './facts.ts';
import type { Standing } from './standing.ts';
import type { CertificateWish } from './wish.ts';

const ABLE = 'self-signed-certificates and manual-tls-certificates do';

const ADDRESS_NOT_ALLOWED = 101;
const DOMAIN_NOT_ALLOWED = 102;
const WILDCARD_NOT_ALLOWED = 103;
const NOT_AVAILABLE = 201;

/** One message for all wishes that have the same trouble. */
export function reportsOf(
  application: string,
  wishes: readonly WishFacts[],
  standing: ReadonlyMap<string, Standing>,
): readonly UnitStatus[] {
  const told = new Map<string, { readonly status: UnitStatus['status']; readonly ids: string[] }>();
  for (const { wish } of wishes) {
    const said = report(application, wish, standing.get(wish.id) ?? { state: 'unsent' });
    if (said === undefined) continue;
    const known = told.get(said.message) ?? { status: said.status, ids: [] };
    known.ids.push(wish.id);
    told.set(said.message, known);
  }
  return [...told].map(([message, { status, ids }]) => ({ status, message: message.replace(IDS, ids.join(', ')) }));
}

/** What is in service stays there: a provider that has gone must not take the cluster with it. */
export function withoutProvider(
  { endpoint, requirer, tooMany }: Pick<RelationFacts, 'endpoint' | 'requirer' | 'tooMany'>,
  wishes: readonly WishFacts[],
): readonly UnitStatus[] {
  if (wishes.length === 0) return [];
  if (tooMany)
    return [{ status: 'blocked', message: `${endpoint} is integrated with several applications; remove all but one` }];
  const ids = wishes.map(({ wish }) => wish.id).join(', ');
  const command = `juju integrate ${requirer}:${endpoint} <application of the CA charm>`;
  return [blocked(`Integrate ${endpoint} with a CA charm for the certificates ${ids}: ${command}`)];
}

/** Stands for the list of wishes. */
const IDS = '\0';

function report(application: string, wish: CertificateWish, standing: Standing): UnitStatus | undefined {
  switch (standing.state) {
    case 'issued':
    case 'unsent':
      return undefined;
    case 'unsound':
      return blocked(standing.problem);
    case 'requested':
      return unanswered(application, wish, standing);
    case 'revoked':
      return waiting(`Waiting for ${application} to issue ${IDS} anew, which it has revoked`);
    case 'denied':
      return denied(application, wish, standing.code, standing.message);
    case 'unsupported':
      return unsupported(application, standing.what);
    case 'refused':
      return refused(application, wish, standing);
  }
}

function unanswered(
  application: string,
  wish: CertificateWish,
  { overdue, renewal }: { readonly overdue: boolean; readonly renewal: boolean },
): UnitStatus {
  if (overdue && wish.authority)
    return blocked(
      `${application} has not issued the CA certificates ${IDS}: vault and lego never do, manual-tls-certificates when it is told to`,
    );
  const hint = overdue ? `; see whether it is well, or waits for an action` : '';
  return waiting(`Waiting for ${application} to ${renewal ? 'renew' : 'issue'} ${IDS}${hint}`);
}

function denied(application: string, wish: CertificateWish, code: number, message: string): UnitStatus {
  const said = message === '' ? '' : ` ("${message}")`;
  if (code === NOT_AVAILABLE) return waiting(`Waiting for ${application}, which cannot issue ${IDS} now${said}`);
  return blocked(`${application} refuses to issue ${IDS}${said}${denialRemedy(wish, code)}`);
}

function denialRemedy(wish: CertificateWish, code: number): string {
  if (code === ADDRESS_NOT_ALLOWED) return `: it issues none for IP addresses; vault does with pki_allow_ip_sans=true`;
  if (code === WILDCARD_NOT_ALLOWED) return ': it issues none for wildcards; allow them there';
  if (code !== DOMAIN_NOT_ALLOWED) return '';
  return isNodeName(wish.subject.commonName)
    ? `: it issues none for names of nodes (${wish.subject.commonName}); ${ABLE}`
    : ': allow the names there (vault: pki_allowed_domains), or ask for others';
}

function unsupported(application: string, what: 'authorities' | 'addresses' | 'wildcards'): UnitStatus {
  switch (what) {
    case 'authorities':
      return blocked(`${application} issues no CA certificates, which ${IDS} must be; ${ABLE}`);
    case 'addresses':
      return blocked(
        `${application} issues nothing for IP addresses, which ${IDS} must have; ${ABLE}, vault with pki_allow_ip_sans=true`,
      );
    case 'wildcards':
      return blocked(`${application} issues nothing for wildcards, which ${IDS} must have; ${ABLE}`);
  }
}

function refused(
  application: string,
  wish: CertificateWish,
  { why, detail }: Standing & { state: 'refused' },
): UnitStatus {
  switch (why) {
    case 'no-authority':
      return blocked(
        `${application} has answered the request for the CA certificate ${IDS} with an ordinary one: with manual-tls-certificates sign the same requests again as CA certificates (basicConstraints=CA:TRUE) and run provide-certificate again; self-signed-certificates issues them by itself, vault and lego do not`,
      );
    case 'lacks-names':
      return blocked(
        `${application} has issued ${IDS} without ${detail}; ${ABLE} issue them, vault for addresses with pki_allow_ip_sans=true`,
      );
    case 'lacks-subject':
      return blocked(`${application} has issued ${IDS} without ${detail}${subjectRemedy(wish)}`);
    case 'lacks-purposes':
      return blocked(`${application} has issued ${IDS} not for ${detail}; it has to copy the extended key usage`);
    case 'over':
      return waiting(`Waiting for ${application} to issue ${IDS} anew: ${detail}`);
    case 'unreadable':
    case 'other-key':
    case 'unwanted-authority':
    case 'not-signed':
    case 'oversized':
      return blocked(`What ${application} has issued as ${IDS} cannot be used: ${detail}`);
  }
}

function subjectRemedy(wish: CertificateWish): string {
  const names = isNodeName(wish.subject.commonName) ? '' : ', vault with its own pki_organization';
  return `; ${ABLE} keep it${names}`;
}

function isNodeName(name: string | undefined): boolean {
  return name?.startsWith('system:node:') ?? false;
}

function blocked(message: string): UnitStatus {
  return { status: 'blocked', message };
}

function waiting(message: string): UnitStatus {
  return { status: 'waiting', message };
}
