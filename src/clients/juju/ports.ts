/** Ports that Juju opens to the outside when the application is exposed. */

import { listFrom } from './answer-shapes.ts';
import type { HookTools } from './hook-tools.ts';

export interface Ports {
  /** Ports that are open, with what this dispatch has changed: Juju's versions differ in whether they count that. */
  opened(): Promise<readonly string[]>;
  /** Opens a port unless it is open: `6443/tcp`, `8000-8100/udp` or `icmp`; without a protocol TCP is meant. */
  open(port: string): Promise<void>;
  close(port: string): Promise<void>;
}

export function createPorts(tools: HookTools): Ports {
  const changed = new Map<string, boolean>();

  const opened = async (): Promise<readonly string[]> => {
    const held = await tools.ask('opened-ports', [], listFrom('opened-ports'));
    const all = new Set([...held, ...changed.keys()]);
    return [...all].filter((port) => changed.get(port) ?? true);
  };

  const change = async (tool: string, port: string, open: boolean): Promise<void> => {
    const named = withProtocol(port);
    if ((await opened()).includes(named) === open) return;
    await tools.run(tool, [named]);
    changed.set(named, open);
  };

  return {
    opened,
    open: (port) => change('open-port', port, true),
    close: (port) => change('close-port', port, false),
  };
}

function withProtocol(port: string): string {
  return port.includes('/') || port === 'icmp' ? port : `${port}/tcp`;
}
