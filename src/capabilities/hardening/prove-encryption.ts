/**
 * What the datastore itself has to say to the controls on encryption: a configuration that encrypts does not show that every Secret has been
 * written with it.
 */

import type { StoredSecrets } from '../../clients/etcd/stored-secrets.ts';
import type { Check, Control } from './control.ts';
import type { Assessment, Finding } from './finding.ts';

const REMEDY =
  'Secrets that were written before encryption was on are rewritten by the charm; where it is blocked, its status names the Secrets';

/** Whether a control asks for Secrets to be encrypted. */
export function asksForEncryption({ check }: Control): boolean {
  return encrypts(check);
}

function encrypts(check: Check): boolean {
  if (check.type === 'all' || check.type === 'any') return check.of.some(encrypts);
  return check.type === 'content' && check.rule.startsWith('encrypts-secrets');
}

/** With what lies in the datastore as evidence; a control that holds by its configuration does not where Secrets lie there unencrypted. */
export function withStoredSecrets(assessment: Assessment, stored: StoredSecrets | string): Assessment {
  const findings = assessment.findings.map((finding) =>
    asksForEncryption(finding.control) && finding.state !== 'not-applicable' ? prove(finding, stored) : finding,
  );
  return { ...assessment, findings };
}

function prove(finding: Finding, stored: StoredSecrets | string): Finding {
  const what = 'Secrets in the datastore';
  if (typeof stored === 'string')
    return { ...finding, evidence: [...finding.evidence, { what, found: `not looked at: ${stored}` }] };
  const clear = stored.under['identity'] ?? 0;
  const evidence = [...finding.evidence, { what, found: found(stored), expected: 'none unencrypted' }];
  if (clear === 0 || finding.state !== 'pass') return { ...finding, evidence };
  const reason = `The configuration encrypts Secrets, but ${clear} of those in the datastore are not encrypted`;
  return { ...finding, evidence, state: 'fail', reason, remedy: REMEDY };
}

/** `12 under aesgcm:2, 1 unencrypted; 200 of 950 looked at` */
function found({ under, total }: StoredSecrets): string {
  const looked = Object.values(under).reduce((sum, count) => sum + count, 0);
  if (total === 0) return 'there are none';
  const parts = Object.entries(under).map(([cipher, count]) =>
    cipher === 'identity' ? `${count} unencrypted` : `${count} under ${cipher}`,
  );
  return `${parts.join(', ')}${looked < total ? `; ${looked} of ${total} looked at` : ''}`;
}
