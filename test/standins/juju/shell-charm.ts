/** A charm that is a shell: its action runs what the test says, and tells exit code and output of it exactly. */

import type { TestBench, TinyCharm } from './tiny-charm.ts';

/**
 * `metadata` and `hook` (what hooks do) may be added. The action `sh` runs `script`; hooks run the file `<charm>/../hook.sh`
 * when there is one, so that a test can change what they do.
 */
export function shellCharm(charm: TinyCharm = {}): TinyCharm {
  return {
    ...charm,
    actions: { sh: { params: { script: { type: 'string' } }, additionalProperties: false }, ...charm.actions },
    dispatch: `
if [ "$JUJU_DISPATCH_PATH" = actions/sh ]; then
  script=$(action-get script; echo x)
  eval "\${script%x}"
  exit $?
fi
if [ -f ../hook.sh ]; then . ../hook.sh; fi
${charm.dispatch ?? ''}`,
  };
}

export interface ShellResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a script in the context of an action of the unit. */
export async function shell(bench: TestBench, unit: string, script: string): Promise<ShellResult> {
  const { results } = await bench.model.run(unit, 'sh', { script });
  return {
    code: Number(results['return-code']),
    stdout: String(results['stdout'] ?? ''),
    stderr: String(results['stderr'] ?? ''),
  };
}
