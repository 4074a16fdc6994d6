/** The action `certs-status`: which certificates the unit has, when they expire, who signed them, and what is wrong with them. */

import type { Action } from '../../../core/capability.ts';
import type { Clients } from '../../../core/clients.ts';
import { refuseUnknown, textParameter } from '../../../core/parameters.ts';
import type { Role } from '../../../core/role.ts';
import { messageOf } from '../../../core/thrown.ts';
import { clusterRefreshNews } from '../cluster-refresh/observe.ts';
import { describeNews } from '../cluster-refresh/progress.ts';
import type { CertificateFacts, NodeIdentity } from '../facts.ts';
import { type Finding, findingsOf } from '../inventory/findings.ts';
import { K8SD_PREFIX } from '../inventory/places.ts';
import { type InventoryRecord, isRead } from '../inventory/record.ts';
import { takeInventory } from '../inventory/remembered.ts';
import { lookAtServed } from '../inventory/served.ts';
import type { CertificateOptions } from '../options.ts';
import { readCertificateOptions } from '../options.ts';
import { readRequestJournal } from '../request-journal.ts';
import { requiredSansOf } from '../required-sans.ts';
import { type CertificateRow, certificateRows } from './certificate-rows.ts';
import { certificatesTable, findingsText } from './certificates-table.ts';
import type { CertificatesUnit } from './member.ts';
import { formatYaml } from './yaml.ts';

export const certsStatus: Action<CertificateFacts, CertificateOptions> = { run };

async function run(clients: Clients, unit: CertificatesUnit): Promise<void> {
  const { juju, host } = clients;
  const { role } = unit;
  const parameters = await juju.actions.parameters();
  refuseUnknown(parameters, ['format']);
  const format = textParameter(parameters, 'format', 'table');
  if (!['table', 'json', 'yaml'].includes(format)) throw new Error('format must be table, json or yaml');
  const { records: inventory, examined } = await takeInventory(host.files, role);
  const member = await memberOf(clients, unit);
  if (inventory.every(({ place }) => place.name.startsWith(K8SD_PREFIX)))
    throw new Error(`this unit has no certificates yet: ${member.reason ?? 'it is in no cluster'}`);
  const served = await lookAtServed(host, inventory.filter(isRead), member.identity?.address);
  const options = readCertificateOptions(await juju.config()).value;
  const circumstances = {
    role,
    served,
    now: host.now(),
    warnSeconds: options.warnSeconds,
    requiredSans: member.identity ? requiredSansOf(member.identity) : {},
    managers: member.identity?.managers ?? {},
  };
  const rows = certificateRows(inventory, examined, circumstances);
  const findings = findingsOf(examined, circumstances);
  await juju.actions.setResults({
    ...render(format, rows, findings),
    summary: summarise(inventory, findings),
    ...(member.reason === undefined ? {} : { unchecked: `required names, and what is served: ${member.reason}` }),
    ...(await refreshUnderWay(clients, role)),
    ...(member.identity?.leader ? await clusterRefresh(clients) : {}),
  });
}

/** What is asked of Juju and the daemon for this must not be in the way of the rest: with expired certificates much fails. */
async function memberOf(
  clients: Clients,
  unit: CertificatesUnit,
): Promise<{ identity?: NodeIdentity; reason?: string }> {
  try {
    const { facts, reports } = await unit.look();
    return facts === undefined
      ? { reason: reports[0]?.message ?? 'the unit is in no cluster' }
      : { identity: facts.node };
  } catch (error) {
    const reason = messageOf(error);
    clients.juju.log.warning(`certs-status tells only what lies in files: ${reason}`);
    return { reason };
  }
}

function render(
  format: string,
  rows: readonly CertificateRow[],
  findings: readonly Finding[],
): { certificates: string; findings?: string } {
  if (format === 'json') return { certificates: JSON.stringify(rows), findings: JSON.stringify(findings) };
  if (format === 'yaml') {
    const certificates = formatYaml(rows);
    return findings.length === 0 ? { certificates } : { certificates, findings: formatYaml(findings) };
  }
  return { certificates: certificatesTable(rows), findings: findingsText(findings) };
}

function summarise(inventory: readonly InventoryRecord[], findings: readonly Finding[]): string {
  const count = (severity: Finding['severity']) => findings.filter((one) => one.severity === severity).length;
  const found = (...codes: readonly Finding['code'][]) => findings.filter(({ code }) => codes.includes(code)).length;
  return [
    `${inventory.length} certificates`,
    `${found('expired')} expired`,
    `${found('expiring', 'not-renewable')} expiring`,
    `${count('error')} errors`,
    `${count('warning')} warnings`,
  ].join(', ');
}

async function refreshUnderWay({ host }: Clients, role: Role): Promise<{ refresh?: string }> {
  const journal = role === 'worker' ? await readRequestJournal(host.files) : undefined;
  if (journal === undefined) return {};
  const state = journal.issued ? 'being taken into use' : 'waiting for the control plane';
  return { refresh: `requested ${journal.requestedAt}, ${state}` };
}

/** Of the refresh of the whole cluster that is under way, or else the last one. */
async function clusterRefresh({ juju }: Clients): Promise<{ 'cluster-refresh'?: string }> {
  const news = describeNews(await clusterRefreshNews(juju));
  return news === undefined ? {} : { 'cluster-refresh': news };
}
