/** The client of the machine, opened on a root: `/` on a unit, a folder in a test. */
import { CLOCK, type Clock } from '../../time/clock.ts';
import { commandsUnder } from './commands.ts';
import { openFiles } from './files.ts';
import type { Host } from './host.ts';
import { fullHostname, hostname } from './hostname.ts';
import { postJson } from './json-exchange.ts';
import { accepts, holdConnection, servedCertificate } from './network-peer.ts';
import { commandLine } from './processes.ts';
import { openSnapd } from './snapd.ts';
import { openSysctl } from './sysctl.ts';
import { openSystemd } from './systemd.ts';

export function openHost(root: string, clock: Clock = CLOCK): Host {
  const files = openFiles(root);
  const run = commandsUnder(root, files.real);
  return {
    files,
    run,
    snapd: openSnapd(files.real, clock),
    sysctl: openSysctl(files.real),
    systemd: openSystemd(run),
    commandLine: (pid) => commandLine(files.real, pid),
    hostname: () => hostname(files.real),
    fullHostname: () => fullHostname(files.real, run),
    servedCertificate,
    accepts,
    holdConnection,
    postJson,
    sleep: clock.sleep,
    now: clock.now,
  };
}
