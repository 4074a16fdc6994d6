/** Addresses and ports. Each machine has one interface with one address. */

import type { HookContext } from '../hook-context.ts';
import { misuse, refusal } from './failure.ts';
import { struct } from './output.ts';
import { flaggedRelation, RELATION_FLAG } from './relation-flag.ts';
import type { HookTool } from './tool.ts';
import { refuseMore } from './tool.ts';

function machineAddress({ controller, unit }: HookContext): string {
  const machine = controller.state.machines[unit.machine];
  if (!machine) throw refusal(`machine ${unit.machine} not found`);
  return machine.address;
}

const unitGet: HookTool = {
  usage: '[options] <setting>',
  flags: {},
  format: 'smart',
  run({ flags }, context) {
    const [setting] = flags.positionals;
    if (setting === undefined) throw misuse('no setting specified');
    if (setting !== 'private-address' && setting !== 'public-address')
      throw misuse(`unknown setting ${JSON.stringify(setting)}`);
    refuseMore(flags.positionals, 1);
    return { value: machineAddress(context) };
  },
};

const SELECTORS = ['bind-address', 'ingress-address', 'egress-subnets'] as const;

const networkGet: HookTool = {
  usage: '[options] <binding-name>',
  flags: {
    ...RELATION_FLAG,
    'bind-address': 'boolean',
    'ingress-address': 'boolean',
    'egress-subnets': 'boolean',
    'primary-address': 'boolean',
  },
  format: 'smart',
  run({ flags }, context) {
    const [binding] = flags.positionals;
    if (binding === undefined || binding === '') throw misuse('no arguments specified');
    refuseMore(flags.positionals, 1);
    flaggedRelation(flags, context);
    const { endpoints, extraBindings } = context.controller.charm(context.unit.charm ?? '');
    if (!endpoints[binding] && !extraBindings.includes(binding)) {
      throw refusal(`no network config found for binding ${JSON.stringify(binding)}`);
    }
    const address = machineAddress(context);
    const parts = { 'bind-address': address, 'ingress-address': address, 'egress-subnets': [`${address}/32`] };
    const selected = SELECTORS.filter(
      (selector) => flags.boolean(selector) || (selector === 'bind-address' && flags.boolean('primary-address')),
    );
    const [only] = selected;
    if (only === undefined) return { value: everything(address) };
    if (selected.length === 1) return { value: parts[only] };
    return { value: Object.fromEntries(selected.map((selector) => [selector, parts[selector]])) };
  },
};

function everything(address: string): Record<string, unknown> {
  const hardware = address.split('.').map((part) => Number(part).toString(16).padStart(2, '0'));
  return struct({
    'bind-addresses': [
      struct({
        'mac-address': `00:16:${hardware.join(':')}`,
        'interface-name': 'eth0',
        addresses: [struct({ hostname: '', value: address, cidr: `${address}/32` })],
      }),
    ],
    'egress-subnets': [`${address}/32`],
    'ingress-addresses': [address],
  });
}

interface PortRange {
  readonly from: number;
  readonly to: number;
  readonly protocol: string;
}

/** `80`, `80/tcp`, `8000-8100/udp` or `icmp`, in any case of letters. */
function parseRange(text: string): PortRange {
  const [ports = '', protocol = 'tcp'] = text.toLowerCase().split(/\/(.*)/s);
  if (ports === 'icmp') return { from: -1, to: -1, protocol: 'icmp' };
  const ends = ports.split('-');
  if (ends.length > 2) throw misuse(`invalid port range ${JSON.stringify(ports)}`);
  const [from = 0, to = from] = ends.map(parsePort);
  if (protocol !== 'tcp' && protocol !== 'udp') {
    throw misuse(
      protocol === 'icmp'
        ? `protocol "icmp" doesn't support any ports; got "${from}"`
        : `invalid protocol ${JSON.stringify(protocol)}, expected "tcp", "udp", or "icmp"`,
    );
  }
  if (from > to) throw misuse(`invalid port range ${showRange({ from, to, protocol })}`);
  if (to > 65535) throw misuse(`port range bounds must be between 0 and 65535, got ${from}-${to}`);
  return { from, to, protocol };
}

/** As `strconv.Atoi` reads it, and complains. */
function parsePort(text: string): number {
  if (/^[+-]?[0-9]+$/.test(text)) return Number(text);
  const shown = JSON.stringify(text);
  throw misuse(`invalid port ${shown}: strconv.Atoi: parsing ${shown}: invalid syntax`);
}

function showRange({ from, to, protocol }: PortRange): string {
  if (protocol === 'icmp') return 'icmp';
  return `${from === to ? from : `${from}-${to}`}/${protocol}`;
}

function overlap(a: PortRange, b: PortRange): boolean {
  return a.protocol === b.protocol && a.from <= b.to && b.from <= a.to;
}

function portTool(open: boolean): HookTool {
  return {
    usage: '[options] <port>[/<protocol>] or <from>-<to>[/<protocol>] or icmp',
    flags: { endpoints: 'text', format: 'text' },
    run({ flags }, context) {
      const [given] = flags.positionals;
      if (given === undefined) throw misuse('no port or range specified');
      refuseMore(flags.positionals, 1);
      const range = parseRange(given);
      const endpoints = flags.text('endpoints')?.split(',') ?? [''];
      for (const endpoint of endpoints) checkEndpoint(context, open, range, endpoint);
      if (open) checkConflicts(context, range);
      for (const endpoint of endpoints) {
        context.pending.ports.push({ open, range: showRange(range), endpoint: endpoint === '*' ? '' : endpoint });
      }
      return undefined;
    },
  };
}

function checkEndpoint(context: HookContext, open: boolean, range: PortRange, endpoint: string): void {
  if (endpoint === '' || endpoint === '*') return;
  const { endpoints, extraBindings } = context.controller.charm(context.unit.charm ?? '');
  if (endpoints[endpoint] || extraBindings.includes(endpoint)) return;
  throw refusal(
    `cannot ${open ? 'open' : 'close'} ${showRange(range)} (unit "${context.unit.name}"): endpoint "${endpoint}" not found`,
  );
}

/** A unit has its machine to itself, so only its own ranges can be in the way. */
function checkConflicts({ unit, pending }: HookContext, range: PortRange): void {
  const shown = showRange(range);
  const complain = (other: string, suffix: string): void => {
    if (other === shown || !overlap(parseRange(other), range)) return;
    throw refusal(
      `cannot open ${shown} (unit "${unit.name}"): port range conflicts with ${other} (unit "${unit.name}")${suffix}`,
    );
  };
  for (const { range: other } of unit.ports) complain(other, '');
  for (const { open, range: other } of pending.ports) if (open) complain(other, ' requested earlier');
}

/** By protocol, then by number, so that `icmp` comes first. */
function compareRanges(a: PortRange, b: PortRange): number {
  if (a.protocol !== b.protocol) return a.protocol < b.protocol ? -1 : 1;
  return a.from - b.from || a.to - b.to;
}

const openedPorts: HookTool = {
  usage: '[options]',
  flags: { endpoints: 'boolean' },
  format: 'smart',
  run({ flags }, { unit, pending }) {
    refuseMore(flags.positionals, 0);
    const ports = pending.ports.reduce(
      (list, { open, range, endpoint }) => [
        ...list.filter((each) => each.range !== range || each.endpoint !== endpoint),
        ...(open ? [{ range, endpoint }] : []),
      ],
      unit.ports,
    );
    const shown = [...ports]
      .sort((a, b) => compareRanges(parseRange(a.range), parseRange(b.range)))
      .map(({ range, endpoint }) =>
        flags.boolean('endpoints') ? `${range} (${endpoint === '' ? '*' : endpoint})` : range,
      );
    return { value: [...new Set(shown)] };
  },
};

export const NETWORK_TOOLS: Readonly<Record<string, HookTool>> = {
  'unit-get': unitGet,
  'network-get': networkGet,
  'open-port': portTool(true),
  'close-port': portTool(false),
  'opened-ports': openedPorts,
};
