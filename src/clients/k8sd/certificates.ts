/** The node's certificates: planned, refreshed by k8sd, replaced with given ones, and their status. */
import { anything } from './answer.ts';
import type { Call } from './call.ts';
import { validate as statusProblems } from './certificates-status.schema.json?validator';
import type { CallOptions, CertificatesStatus, ExternalCertificates, RefreshPlan, RefreshRequest } from './k8sd.ts';
import { exactLifetime } from './lifetime.ts';
import { validate as planProblems } from './refresh-plan.schema.json?validator';
import { validate as runProblems } from './refresh-run.schema.json?validator';
import { CERTIFICATE_SELECTION, type Minor, requireSince } from './release.ts';
import { exactInteger } from './wire-numbers.ts';

/** Changes nothing. The seed may be too large for `RefreshRequest.seed`, which takes any fresh one. */
export async function planRefresh(
  call: Call,
  minor: Minor,
  certificates: readonly string[],
  options: CallOptions,
): Promise<RefreshPlan> {
  const answer = await call<{
    readonly seconds: number | string;
    readonly 'certificate-signing-requests'?: readonly string[] | null;
  }>(
    {
      method: 'POST',
      path: '/1.0/k8sd/refresh-certs/plan',
      body: selection(minor, certificates),
      repeatable: true,
      check: planProblems,
    },
    options,
  );
  return {
    seed: String(answer.seconds),
    certificateSigningRequests: answer['certificate-signing-requests'] ?? [],
  };
}

/** k8sd answers before it restarts the services, and does not say how that went. */
export async function refreshCertificates(
  call: Call,
  minor: Minor,
  { certificates, expirationSeconds, extraSans, seed }: RefreshRequest,
  options: CallOptions,
): Promise<number> {
  const answer = await call<{ readonly 'expiration-seconds': number }>(
    {
      method: 'POST',
      path: '/1.0/k8sd/refresh-certs/run',
      body: {
        ...selection(minor, certificates),
        seed: exactInteger('seed', seed, 1),
        'expiration-seconds': exactInteger('expiration-seconds', exactLifetime(expirationSeconds), 1),
        'extra-sans': extraSans,
      },
      check: runProblems,
    },
    options,
  );
  return answer['expiration-seconds'];
}

export async function updateCertificates(
  call: Call,
  minor: Minor,
  certificates: ExternalCertificates,
  options: CallOptions,
): Promise<void> {
  requireSince(minor, CERTIFICATE_SELECTION, 'replacing certificates with given ones');
  await call({ method: 'POST', path: '/1.0/k8sd/refresh-certs/update', body: certificates, check: anything }, options);
}

interface StatusAnswer {
  readonly certificates?:
    | readonly {
        name: string;
        expires: string;
        'certificate-authority'?: string;
        'externally-managed'?: boolean;
      }[]
    | null;
  readonly 'certificate-authorities'?:
    | readonly { name: string; expires: string; 'externally-managed'?: boolean }[]
    | null;
}

export async function certificatesStatus(call: Call, minor: Minor, options: CallOptions): Promise<CertificatesStatus> {
  requireSince(minor, CERTIFICATE_SELECTION, 'the status of certificates');
  const answer = await call<StatusAnswer>(
    { method: 'GET', path: '/1.0/k8sd/certs-status', check: statusProblems },
    options,
  );
  return {
    certificates: (answer.certificates ?? []).map((certificate) => ({
      name: certificate.name,
      expires: certificate.expires,
      authority: certificate['certificate-authority'] ?? '',
      externallyManaged: certificate['externally-managed'] ?? false,
    })),
    authorities: (answer['certificate-authorities'] ?? []).map((authority) => ({
      name: authority.name,
      expires: authority.expires,
      externallyManaged: authority['externally-managed'] ?? false,
    })),
  };
}

/** 1.32 always refreshes all, and refuses the field. */
function selection(minor: Minor, certificates: readonly string[]): { readonly certificates?: readonly string[] } {
  if (minor >= CERTIFICATE_SELECTION) return { certificates };
  if (certificates.length > 0) requireSince(minor, CERTIFICATE_SELECTION, 'a selection of certificates');
  return {};
}
