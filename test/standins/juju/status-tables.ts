/** `juju status` as text: the same tables, columns and words. */

import type { ApplicationStatusInfo, ModelStatus, RelationStatusInfo, UnitStatusInfo } from './model-status.ts';

type Row = readonly string[];

export function formatStatus(status: ModelStatus, options: { readonly relations?: boolean } = {}): string {
  const tables = [
    table(['Model', 'Controller', 'Cloud/Region', 'Version', 'SLA', 'Timestamp'], [modelRow(status)]),
    table(
      ['App', 'Version', 'Status', 'Scale', 'Charm', 'Channel', 'Rev', 'Exposed', 'Message'],
      Object.values(status.applications).map(applicationRow),
    ),
    table(
      ['Unit', 'Workload', 'Agent', 'Machine', 'Public address', 'Ports', 'Message'],
      Object.values(status.units).map(unitRow),
    ),
    table(
      ['Machine', 'State', 'Address', 'Inst id', 'Base', 'AZ', 'Message'],
      Object.values(status.machines).map(({ id, address, hostname }) => [
        id,
        'started',
        address,
        hostname,
        'ubuntu@24.04',
        '',
        'Running',
      ]),
    ),
    ...(options.relations
      ? [table(['Integration provider', 'Requirer', 'Interface', 'Type', 'Message'], status.relations.map(relationRow))]
      : []),
  ];
  return `${tables.filter((text) => text !== '').join('\n\n')}\n`;
}

function modelRow({ model, jujuVersion }: ModelStatus): Row {
  const sla = jujuVersion.startsWith('3.') ? 'unsupported' : '';
  return [model, 'local-model', 'localhost', jujuVersion, sla, new Date().toISOString().slice(11, 19)];
}

function applicationRow(application: ApplicationStatusInfo): Row {
  const units = Object.values(application.units);
  const ready = units.filter(({ agent }) => agent.status === 'idle' || agent.status === 'executing').length;
  const scale = ready === units.length ? String(units.length) : `${ready}/${units.length}`;
  return [
    application.name,
    application.version,
    application.life === 'dying' ? 'terminated' : application.status.status,
    scale,
    application.charm,
    '',
    String(application.charmRevision),
    application.exposed ? 'yes' : 'no',
    application.status.message,
  ];
}

function unitRow(unit: UnitStatusInfo): Row {
  return [
    `${unit.name}${unit.leader ? '*' : ''}`,
    unit.life === 'dying' && unit.workload.status === 'terminated' ? 'terminated' : unit.workload.status,
    unit.agent.status,
    unit.machine,
    unit.address,
    unit.ports.join(','),
    unit.workload.message === '' ? agentMessage(unit) : unit.workload.message,
  ];
}

/** As Juju does: what the agent is at stands in brackets when the charm has said nothing. */
function agentMessage({ agent }: UnitStatusInfo): string {
  return agent.message === '' ? '' : `(${agent.message.replace(/^running (.*) hook.*$/, '$1')})`;
}

function relationRow(relation: RelationStatusInfo): Row {
  return [
    relation.provider,
    relation.requirer,
    relation.interface,
    relation.type,
    relation.life === 'dying' ? 'dying' : '',
  ];
}

/** Columns padded to the widest cell; empty when there are no rows. */
export function table(header: Row, rows: readonly Row[]): string {
  if (rows.length === 0) return '';
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: Row): string =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return [line(header), ...rows.map(line)].join('\n');
}
