/** A unit agent whose answers a test writes byte by byte: what it says to each request on each of its connections. */

import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GobInput } from '../../../standins/juju/agent-socket/gob-input.ts';
import { GobOutput } from '../../../standins/juju/agent-socket/gob-output.ts';

export interface Asked {
  /** From 0 on. */
  readonly connection: number;
  readonly sequence: number;
  readonly tool: string;
  readonly args: readonly string[];
  readonly output: GobOutput;
  readonly socket: Socket;
}

export interface ScriptedAgent {
  readonly path: string;
  /** Tools that were asked for, in order. */
  readonly asked: readonly string[];
  readonly connections: number;
  /** Says what comes of a request; undefined for an answer that is as it should be. */
  script: ((asked: Asked) => void) | undefined;
  /** Answers as the agent would. */
  answer(asked: Asked, stdout: string): void;
  close(): Promise<void>;
}

export async function startScriptedAgent(): Promise<ScriptedAgent> {
  const folder = await mkdtemp(join(tmpdir(), 'sa-'));
  const path = join(folder, 'agent.socket');
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;

  const serve = (socket: Socket): void => {
    const connection = connections;
    connections += 1;
    sockets.add(socket);
    const input = new GobInput();
    const output = new GobOutput();
    let sequence: number | undefined;
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      input.push(chunk);
      for (let found = input.next(); found !== undefined; found = input.next()) {
        if (sequence === undefined) {
          sequence = (found.value as { Seq?: number }).Seq ?? 0;
          continue;
        }
        const { CommandName: tool, Args: args = [] } = found.value as { CommandName: string; Args?: string[] };
        const request = { connection, sequence, tool, args, output, socket };
        sequence = undefined;
        asked.push(tool);
        if (agent.script === undefined) agent.answer(request, '[]\n');
        else agent.script(request);
      }
    });
  };

  const server = createServer(serve);
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const agent: ScriptedAgent = {
    path,
    asked,
    get connections() {
      return connections;
    },
    script: undefined,
    answer({ socket, output, sequence }, stdout) {
      socket.write(output.answer('Jujuc.Main', sequence, { code: 0, stdout, stderr: '' }));
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      await rm(folder, { recursive: true, force: true });
    },
  };
  return agent;
}
