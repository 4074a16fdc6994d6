/** One call of a hook tool from beginning to end: its command line, its work, its output and exit code. */

import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { HookContext } from '../hook-context.ts';
import { ACTION_TOOLS } from './action.ts';
import { ToolFailure } from './failure.ts';
import { type FlagTypes, parseFlags } from './flags.ts';
import { IDENTITY_TOOLS } from './identity.ts';
import { NETWORK_TOOLS } from './network.ts';
import { formatValue, readFormat } from './output.ts';
import { RELATION_TOOLS } from './relation.ts';
import { SECRET_TOOLS } from './secret.ts';
import type { HookToolReply, HookToolRequest } from './server.ts';
import { STATE_TOOLS } from './state.ts';
import { STATUS_TOOLS } from './status.ts';
import { STORAGE_TOOLS } from './storage.ts';
import type { HookTool, ToolOutput } from './tool.ts';

export const HOOK_TOOLS: Readonly<Record<string, HookTool>> = {
  ...ACTION_TOOLS,
  ...IDENTITY_TOOLS,
  ...NETWORK_TOOLS,
  ...RELATION_TOOLS,
  ...SECRET_TOOLS,
  ...STATE_TOOLS,
  ...STATUS_TOOLS,
  ...STORAGE_TOOLS,
};

const OUTPUT_FLAGS: FlagTypes = { format: 'text', o: { alias: 'output' }, output: 'text' };

export async function runHookTool(request: HookToolRequest, context: HookContext): Promise<HookToolReply> {
  const tool = HOOK_TOOLS[request.tool];
  if (!tool) return failed(1, `bad request: unknown command: ${request.tool}`);
  if (asksForHelp(request.args)) return { code: 0, stdout: `Usage: ${request.tool} ${tool.usage}\n`, stderr: '' };
  try {
    return await call(tool, request, context);
  } catch (error) {
    if (error instanceof ToolFailure) return failed(error.code, error.message);
    throw error;
  }
}

async function call(tool: HookTool, request: HookToolRequest, context: HookContext): Promise<HookToolReply> {
  const types = tool.format ? { ...tool.flags, ...OUTPUT_FLAGS } : tool.flags;
  const flags = parseFlags(types, request.args);
  const format = tool.format ? readFormat(flags.text('format'), tool.format) : 'smart';
  const output = await tool.run({ flags, directory: request.directory, stdin: request.stdin }, context);
  const text = render(output, format);
  const file = tool.format ? flags.text('output') : undefined;
  if (file === undefined) return { code: 0, stdout: text, stderr: '' };
  await writeFile(resolve(request.directory, file), text);
  return { code: 0, stdout: '', stderr: '' };
}

function render(output: ToolOutput, format: 'smart' | 'yaml' | 'json'): string {
  if (output === undefined) return '';
  return 'text' in output ? output.text : formatValue(output.value, format);
}

function asksForHelp(args: readonly string[]): boolean {
  const flags = args.includes('--') ? args.slice(0, args.indexOf('--')) : args;
  return flags.includes('--help') || flags.includes('-h');
}

function failed(code: number, message: string): HookToolReply {
  return { code, stdout: '', stderr: `ERROR ${message}\n` };
}
