/** The charms' program, to be run in the test's own process: what `src/main.ts` does, with hook tools that are functions. */

import { charmOf } from '../../src/charms.ts';
import { HookToolFailure, UnusableAnswer } from '../../src/clients/juju/errors.ts';
import type { Transport } from '../../src/clients/juju/transport.ts';
import { dispatch } from '../../src/engine/dispatch.ts';
import type { Clock } from '../../src/time/clock.ts';
import { dispatch as dispatchCa } from '../standins/juju/ca-charm/charm.ts';
import { whileAlive } from '../standins/juju/confinement.ts';
import type { Program, ProgramStart } from '../standins/juju/dispatch-in-process.ts';
import { elapsed, sleep } from '../time/virtual-time.ts';

const clock: Clock = { now: () => new Date(), elapsed, sleep: async (ms) => whileAlive(() => sleep(ms)) };

const program =
  (charms: typeof charmOf): Program =>
  ({ environment, hookTool }) =>
    dispatch(
      {
        environment: { ...environment },
        transport: transportOf(hookTool),
        clock,
        root: environment['K8S_CHARM_ROOT'] || '/',
      },
      charms,
    );

/** By the names of the charms. @param charms the table, where it is another one than that of the product. */
export function programsOf(charms: typeof charmOf = charmOf): Readonly<Record<string, Program>> {
  return {
    k8s: program(charms),
    'k8s-worker': program(charms),
    ca: ({ environment, hookTool }) => dispatchCa({ ...environment }, transportOf(hookTool)),
  };
}

/** Linux takes no longer argument of a program (`MAX_ARG_STRLEN`), its end included. */
const LONGEST_ARGUMENT = 131_072;
/** As of the executables, where the caller does not say. */
const LARGEST_OUTPUT = 24 * 1024 * 1024;

/** As strict as executables are. */
function transportOf(hookTool: ProgramStart['hookTool']): Transport {
  return {
    async call(tool, args, stdin, largestOutput = LARGEST_OUTPUT) {
      if (args.some((arg) => Buffer.byteLength(arg) >= LONGEST_ARGUMENT))
        throw new HookToolFailure(`${tool} could not be run: E2BIG`);
      if (args.some((arg) => arg.includes('\0')))
        throw new HookToolFailure(`${tool} could not be run: ERR_INVALID_ARG_VALUE`);
      const answer = await hookTool(tool, args, stdin);
      if (Buffer.byteLength(answer.stdout) > largestOutput)
        throw new UnusableAnswer(`${tool} printed more than ${largestOutput} bytes`);
      return answer;
    },
  };
}
