/** systemd, as far as one has to look at it: which units run, with which process, and which are started at boot. */
import type { Run } from './commands.ts';
import type { Systemd, UnitStatus } from './host.ts';

const TIMEOUT_MS = 10_000;
const PROPERTIES = 'ActiveState,UnitFileState,MainPID';

export function openSystemd(run: Run): Systemd {
  return {
    async units(names) {
      if (names.length === 0) return new Map();
      // Answers come in the order of the names; `Id` would not do, since a name may be another unit's alias.
      const { code, stdout } = await run('systemctl', ['show', `--property=${PROPERTIES}`, '--no-pager', ...names], {
        timeoutMs: TIMEOUT_MS,
      });
      const blocks = stdout.trim().split(/\n{2,}/);
      if (code !== 0 || blocks.length !== names.length) return undefined;
      return new Map(names.map((name, index) => [name, unitStatus(blocks[index] ?? '')]));
    },
  };
}

/** A unit that does not exist is inactive and has no state of its file. */
function unitStatus(block: string): UnitStatus {
  const properties = new Map(block.split('\n').map((line) => line.split('=', 2) as [string, string]));
  const pid = Number(properties.get('MainPID'));
  return {
    active: ['active', 'activating', 'reloading'].includes(properties.get('ActiveState') ?? ''),
    enabled: /^(?:enabled|linked|alias)/.test(properties.get('UnitFileState') ?? ''),
    ...(pid > 0 ? { mainPid: pid } : {}),
  };
}
