/**
 * The service that runs hook tools in the unit agent: `Jujuc.Main` with a `Request`, which answers with an `ExecResponse`
 * (juju/juju, `internal/worker/uniter/runner/jujuc/server.go`; the same in 3.6 and 4.0 but for a token that machines do not have).
 */

import type { HookToolAnswer } from '../transport.ts';
import { GobError, type GobStruct, numberOf } from './gob-decoding.ts';
import {
  BOOLEAN,
  BYTES,
  type Encoded,
  encodeSlice,
  encodeStruct,
  encodeText,
  encodeUnsigned,
  sliceDefinition,
  structDefinition,
  TEXT,
  valueMessage,
} from './gob-encoding.ts';
import { FIRST_BODY_TYPE } from './rpc-connection.ts';

export const METHOD = 'Jujuc.Main';

const REQUEST = FIRST_BODY_TYPE;
const TEXTS = FIRST_BODY_TYPE + 1;

export const REQUEST_DEFINITIONS: Encoded = [
  ...structDefinition(REQUEST, 'Request', [
    ['ContextId', TEXT],
    ['Dir', TEXT],
    ['CommandName', TEXT],
    ['Args', TEXTS],
    ['StdinSet', BOOLEAN],
    ['Stdin', BYTES],
  ]),
  ...sliceDefinition(TEXTS, '[]string', TEXT),
];

export interface HookToolRequest {
  /** `JUJU_CONTEXT_ID`: the hook or action that the tool belongs to. */
  readonly context: string;
  /** Absolute. The agent, which opens files of `--file` itself, resolves paths against it. */
  readonly directory: string;
  readonly tool: string;
  readonly args: readonly string[];
  readonly stdin: string;
}

/** There is always an input, if an empty one, as the executables have: without one the agent would ask for it in a second round. */
export function encodeRequest({ context, directory, tool, args, stdin }: HookToolRequest): Encoded {
  return valueMessage(
    REQUEST,
    encodeStruct([
      encodeText(context),
      encodeText(directory),
      encodeText(tool),
      args.length === 0 ? undefined : encodeSlice(args.map(encodeText)),
      encodeUnsigned(1),
      stdin === '' ? undefined : encodeText(stdin),
    ]),
  );
}

/** Undefined where it printed more than `largest` bytes. @throws GobError where it is no answer of a hook tool. */
export function readAnswer(body: GobStruct, largest: number): HookToolAnswer | undefined {
  const [stdout, stderr] = [printed(body, 'Stdout'), printed(body, 'Stderr')];
  if (stdout.length > largest || stderr.length > largest) return undefined;
  return { code: numberOf(body, 'Code'), stdout: stdout.toString('utf8'), stderr: stderr.toString('utf8') };
}

function printed(body: GobStruct, field: string): Buffer {
  const found = body.get(field) ?? Buffer.alloc(0);
  if (!Buffer.isBuffer(found)) throw new GobError(`${field} is not what a tool prints`);
  return found;
}
