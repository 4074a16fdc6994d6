/**
 * Controls whose remedy, taken literally, breaks a node, or cuts an operator off; they are told of and left to people.
 * CIS 1.2.12 names an admission plugin that is gone from Kubernetes 1.30, V-242386 and V-242388 flags that are gone from 1.24: the API
 * server would not start. CIS 4.2.15 of 1.11 closes kubelet's network. V-242393 and V-242394 turn sshd off.
 */
const NEVER: ReadonlySet<string> = new Set([
  'admission-security-context-deny',
  'kubelet-ip-address-deny',
  'V-242386',
  'V-242388',
  'V-242393',
  'V-242394',
]);

export function isNeverRemedied(id: string): boolean {
  return NEVER.has(id);
}
