/** Requests for certificates in the group `system:masters`, which no role holds back and only another authority ends. */
import type { Gathering } from '../../../../clients/kubernetes/kubernetes.ts';
import type { CertificateRequestFacts } from '../facts.ts';
import type { ListedCertificateRequest } from '../objects.ts';

const MASTERS = 'system:masters';
/** X.520 organizationName, which Kubernetes reads groups from. */
const ORGANIZATION = 'O';

export interface Suspect extends CertificateRequestFacts {
  /** PEM. */
  readonly request: string;
}

/** Those that hold the word at all: kubelets make many requests, and to parse one needs a library that is large. */
export function gatherCertificateRequests(): Gathering<ListedCertificateRequest, Suspect[]> {
  const result: Suspect[] = [];
  return {
    result,
    add: ({ metadata, spec, status }) => {
      const types = (status?.conditions ?? []).map(({ type }) => type);
      if (types.includes('Denied') || types.includes('Failed')) return;
      const request = Buffer.from(spec?.request ?? '', 'base64').toString('utf8');
      if (!derOf(request).includes(MASTERS)) return;
      const state = types.includes('Approved') ? 'approved' : 'pending';
      result.push({ name: metadata.name, username: spec?.username ?? '', state, request });
    },
  };
}

export async function inMasters(suspects: readonly Suspect[]): Promise<readonly CertificateRequestFacts[]> {
  if (suspects.length === 0) return [];
  await import('reflect-metadata');
  const { Pkcs10CertificateRequest } = await import('@peculiar/x509');
  return suspects
    .filter(({ request }) => {
      try {
        return new Pkcs10CertificateRequest(request).subjectName.getField(ORGANIZATION).includes(MASTERS);
      } catch {
        // What cannot be read asks for the group for all that is known.
        return true;
      }
    })
    .map(({ name, username, state }) => ({ name, username, state }));
}

function derOf(pem: string): Buffer {
  return Buffer.from(pem.replaceAll(/-----[^-]*-----|\s/g, ''), 'base64');
}
