/**
 * Hook tools for tests as what they are on a unit: executables on PATH. Each records its arguments and its stdin, and answers
 * from files, so that a test says what Juju would say and sees what a process was really given.
 */

import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createExecTransport } from '../../../src/clients/juju/exec-transport.ts';
import type { Juju } from '../../../src/clients/juju/juju.ts';
import { openJuju } from '../../../src/clients/juju/open-juju.ts';
import { hookEnvironment } from './hook-environment.ts';

export interface RecordedCall {
  readonly tool: string;
  readonly args: readonly string[];
  readonly stdin: string;
  /** What lay in the file behind `--file`, with its mode and that of its folder, in octal. */
  readonly file?: { readonly content: string; readonly mode: string; readonly folderMode: string };
}

export interface Reply {
  readonly stdout?: string;
  readonly stderr?: string;
  readonly code?: number;
}

export interface ToolsOnPath {
  readonly charmDirectory: string;
  readonly temporaryDirectory: string;
  readonly environment: NodeJS.ProcessEnv;
  /** What a tool prints from now on, for exactly these arguments or, without them, for all others. */
  answer(tool: string, reply: Reply, args?: readonly string[]): void;
  /** Puts a program of one's own in the place of a tool. */
  program(tool: string, script: string): void;
  calls(tool?: string): readonly RecordedCall[];
  /** A new dispatch, in an environment as Juju makes it. */
  dispatch(variables?: NodeJS.ProcessEnv): Juju;
  remove(): void;
}

/** Those that the charms use. */
export const TOOLS = [
  'action-fail',
  'action-get',
  'action-log',
  'action-set',
  'application-version-set',
  'close-port',
  'config-get',
  'goal-state',
  'is-leader',
  'juju-log',
  'juju-reboot',
  'network-get',
  'open-port',
  'opened-ports',
  'relation-get',
  'relation-ids',
  'relation-list',
  'relation-set',
  'resource-get',
  'secret-add',
  'secret-get',
  'secret-grant',
  'secret-ids',
  'secret-info-get',
  'secret-remove',
  'secret-revoke',
  'secret-set',
  'state-delete',
  'state-get',
  'state-set',
  'status-set',
];

const SCRIPT = `#!/bin/sh
call=$(mktemp -d "$TEST_TOOLS/calls/$(date +%s%N)-XXXXXX")
tool=\${0##*/}
printf '%s\\0' "$tool" "$@" > "$call/args"
previous=
for argument do
  if [ "$previous" = --file ] && [ "$argument" != - ]; then
    cp "$argument" "$call/file"
    stat -c %a "$argument" "\${argument%/*}" > "$call/modes"
  fi
  previous=$argument
done
cat > "$call/stdin"
reply="$TEST_TOOLS/replies/$tool $(printf '%s ' "$@" | tr / %)"
[ -d "$reply" ] || reply="$TEST_TOOLS/replies/$tool"
[ -d "$reply" ] || exit 0
cat "$reply/stdout"
cat "$reply/stderr" >&2
exit "$(cat "$reply/code")"
`;

export function putToolsOnPath(): ToolsOnPath {
  const base = mkdtempSync(join(tmpdir(), 'tools-'));
  const [tools, calls, replies, charmDirectory, temporaryDirectory] = ['bin', 'calls', 'replies', 'charm', 'tmp'].map(
    (name) => {
      mkdirSync(join(base, name));
      return join(base, name);
    },
  ) as [string, string, string, string, string];
  writeFileSync(join(tools, 'any-tool'), SCRIPT, { mode: 0o755 });
  for (const tool of TOOLS) symlinkSync('any-tool', join(tools, tool));
  const environment = {
    ...hookEnvironment(charmDirectory),
    PATH: `${tools}:/usr/bin:/bin`,
    TEST_TOOLS: base,
  };

  return {
    charmDirectory,
    temporaryDirectory,
    environment,

    answer(tool, { stdout = '', stderr = '', code = 0 }, args) {
      const name = args === undefined ? tool : `${tool} ${args.map((arg) => `${arg} `).join('')}`.replaceAll('/', '%');
      const folder = join(replies, name);
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, 'stdout'), stdout);
      writeFileSync(join(folder, 'stderr'), stderr);
      writeFileSync(join(folder, 'code'), String(code));
    },

    program(tool, script) {
      rmSync(join(tools, tool), { force: true });
      writeFileSync(join(tools, tool), script);
      chmodSync(join(tools, tool), 0o755);
    },

    calls(tool) {
      const recorded = readdirSync(calls)
        .toSorted()
        .map((name) => readCall(join(calls, name)));
      return tool === undefined ? recorded : recorded.filter((call) => call.tool === tool);
    },

    dispatch(variables = {}) {
      const env = { ...environment, ...variables };
      return openJuju(env, createExecTransport(env), { temporaryDirectory });
    },

    remove() {
      rmSync(base, { recursive: true, force: true });
    },
  };
}

function readCall(folder: string): RecordedCall {
  const [tool = '', ...args] = readFileSync(join(folder, 'args'), 'utf8').split('\0').slice(0, -1);
  const stdin = readFileSync(join(folder, 'stdin'), 'utf8');
  if (!readdirSync(folder).includes('file')) return { tool, args, stdin };
  const [mode = '', folderMode = ''] = readFileSync(join(folder, 'modes'), 'utf8').split('\n');
  return { tool, args, stdin, file: { content: readFileSync(join(folder, 'file'), 'utf8'), mode, folderMode } };
}
