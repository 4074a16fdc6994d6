/** What a provider of certificates and a unit have between them, as far as it has to fit together whatever happened on the way. */

import 'reflect-metadata';
import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import { Pkcs10CertificateRequest, SubjectAlternativeNameExtension } from '@peculiar/x509';
import type { TestCluster } from '../cluster.ts';
import { machineOf } from '../nodes.ts';

const ENDPOINT = 'certificates';
const SUBJECT_ALT_NAME = '2.5.29.17';

/**
 * Throws unless each unit has one key, one request and one certificate of a kind, which belong together, and the certificate is the one
 * that is in service.
 */
export async function expectIssuedInService(cluster: TestCluster): Promise<void> {
  const { model } = cluster;
  for (const { id, owner, label } of model.secrets()) {
    const [kind, endpoint, mode, name] = label.split('/');
    if (kind !== 'tls-key' || endpoint !== ENDPOINT || mode !== 'unit') continue;
    const what = `${owner.name}: ${name}`;
    const key = publicPart(createPrivateKey(model.secretContent(id)['private-key'] ?? ''));
    const requests = requestsOf(cluster, owner.name).filter((pem) => publicKeyOfRequest(pem) === key);
    if (requests.length !== 1) throw new Error(`${what}: ${requests.length} requests are signed with its key`);
    const prefix = `tls-certificate/${ENDPOINT}/unit/${name}/`;
    const held = model.secrets().filter((each) => each.owner.name === owner.name && each.label.startsWith(prefix));
    if (held.length !== 1) throw new Error(`${what}: ${held.length} certificates are kept`);
    const certificate = new X509Certificate(model.secretContent(held[0]?.id ?? '')['certificate'] ?? '');
    if (publicPart(certificate.publicKey) !== key) throw new Error(`${what}: certificate and key are no pair`);
    const file = await machineOf(cluster, owner.name).files.need(`/etc/kubernetes/pki/${name}.crt`);
    if (new X509Certificate(file).fingerprint256 !== certificate.fingerprint256)
      throw new Error(`${what}: what was issued last is not in service`);
  }
}

function requestsOf({ model }: TestCluster, unit: string): readonly string[] {
  const items = JSON.parse(model.unit(unit).bag(ENDPOINT)['certificate_signing_requests'] ?? '[]') as Readonly<
    Record<string, string>
  >[];
  return items.map((item) => item['certificate_signing_request'] ?? '');
}

/** Every PEM in the text, whatever it is quoted in, as what it says without keys, serials and times. */
export function describePems(text: string): string {
  return text.replaceAll(/-----BEGIN ([A-Z0-9 ]+)-----([A-Za-z0-9+/=\\]*?)-----END \1-----/g, (_, kind, body) => {
    const der = Buffer.from(String(body).replaceAll(/\\+[nr]/g, ''), 'base64');
    if (kind === 'CERTIFICATE') return oneLine(certificateText(new X509Certificate(der)));
    return kind === 'CERTIFICATE REQUEST' ? oneLine(requestText(new Pkcs10CertificateRequest(der))) : String(kind);
  });
}

function certificateText({ subject, issuer, subjectAltName = '' }: X509Certificate): string {
  return `certificate of ${subject} from ${issuer} for ${subjectAltName.split(', ').sort()}`;
}

/** Without the identifier that tells a request from the one before. */
function requestText({ subjectName, extensions }: Pkcs10CertificateRequest): string {
  const subject = [...subjectName.getField('CN'), ...subjectName.getField('O')];
  const names = extensions.find(({ type }) => type === SUBJECT_ALT_NAME);
  const items = names ? new SubjectAlternativeNameExtension(names.rawData).names.items : [];
  return `request of ${subject} for ${items.map(({ value }) => value).sort()}`;
}

function oneLine(text: string): string {
  return text.replaceAll(/[\n"\\]+/g, ' ');
}

function publicKeyOfRequest(pem: string): string {
  const { publicKey } = new Pkcs10CertificateRequest(pem);
  return publicPart(createPublicKey({ key: Buffer.from(publicKey.rawData), format: 'der', type: 'spki' }));
}

function publicPart(key: KeyObject): string {
  return (key.type === 'private' ? createPublicKey(key) : key).export({ type: 'spki', format: 'der' }).toString('hex');
}
