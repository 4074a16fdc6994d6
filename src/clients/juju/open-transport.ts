/** Chooses how this dispatch reaches hook tools: the agent's socket where it answers as it should, else their executables. */

import { agentSocketOf, openSocketTransport } from './agent-socket/socket-transport.ts';
import type { OpenTransport, Transport } from './transport.ts';

/** `executables`, or anything but `socket`, turns the socket off. Operators set it in `/etc/default/k8s-charm`, which `dispatch` reads. */
const SWITCH = 'K8S_CHARM_HOOK_TOOLS';

/**
 * Nothing is opened before the first call. The choice is made once, by a call that changes nothing: after that no call is repeated the other
 * way, because the first may have had its effect.
 */
export function openTransport(env: NodeJS.ProcessEnv = process.env): OpenTransport {
  let chosen: Promise<OpenTransport> | undefined;
  return {
    async call(tool, args, stdin, largestOutput) {
      chosen ??= choose(env);
      return (await chosen).call(tool, args, stdin, largestOutput);
    },
    close: () => void chosen?.then((transport) => transport.close()),
  };
}

async function choose(env: NodeJS.ProcessEnv): Promise<OpenTransport> {
  const socket = (env[SWITCH] || 'socket') === 'socket' ? agentSocketOf(env) : undefined;
  if (socket === undefined) return openExecutables(env);
  try {
    return await openSocketTransport(socket);
  } catch (error) {
    const executables = await openExecutables(env);
    void tellWhy(executables, error);
    return executables;
  }
}

/** Read when it is needed: what starts processes takes a dispatch time and memory. */
async function openExecutables(env: NodeJS.ProcessEnv): Promise<OpenTransport> {
  const { createExecTransport } = await import('./exec-transport.ts');
  return { call: createExecTransport(env).call, close: () => {} };
}

/** Everything works without the socket, only slower: something for whoever looks into why. */
async function tellWhy(executables: Transport, error: unknown): Promise<void> {
  const reason = error instanceof Error ? error.message : 'unknown';
  const text = `hook tools are run as executables, because the agent's socket cannot be used: ${reason}`;
  await executables.call('juju-log', ['-l', 'DEBUG', '--', text]).catch(() => {});
}
