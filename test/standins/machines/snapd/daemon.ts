/** snapd's REST API on `/run/snapd.socket`. */

import { createServer } from 'node:http';
import { type Answer, type Exchange, type Listening, listener, listenOnSocket } from '../http/server.ts';
import type { NodeMachine } from '../node/machine.ts';
import { paths } from '../node/paths.ts';
import { refuse, SnapdRefusal, sync } from './answers.ts';
import { controlApps, listApps } from './apps.ts';
import { resumeChanges, showChange } from './changes.ts';
import { showLog } from './logs.ts';
import { actOnSnap, findSnap, installFile, showSnap } from './snaps.ts';

export class SnapdDaemon {
  readonly #machine: NodeMachine;
  #listening: Listening | undefined;

  constructor(machine: NodeMachine) {
    this.#machine = machine;
  }

  async start(): Promise<void> {
    const machine = this.#machine;
    const server = createServer(
      listener({
        name: 'snapd',
        observe: machine.observe,
        onFailure: machine.site.fail,
        handle: (exchange) => handle(machine, exchange),
      }),
    );
    this.#listening = await listenOnSocket(server, machine.files.real(paths.snapdSocket), 0o666);
    resumeChanges(machine);
  }

  async stop(): Promise<void> {
    const listening = this.#listening;
    this.#listening = undefined;
    await listening?.close();
  }
}

async function handle(machine: NodeMachine, exchange: Exchange): Promise<Answer> {
  try {
    return await route(machine, exchange);
  } catch (error) {
    if (error instanceof SnapdRefusal) return refuse(error);
    throw error;
  }
}

async function route(machine: NodeMachine, exchange: Exchange): Promise<Answer> {
  const { method, path } = exchange;
  const [, version, collection, name, ...more] = path.split('/');
  if (version !== 'v2' || more.length > 0) throw new SnapdRefusal(404, 'not found');
  const snaps = machine.state.snapd;
  switch (`${method} ${collection}${name === undefined ? '' : '/*'}`) {
    case 'GET snaps':
      return sync(snaps.snap === undefined ? [] : [showSnap(machine, 'k8s')]);
    case 'GET snaps/*':
      return sync(showSnap(machine, name ?? ''));
    case 'POST snaps/*':
      return actOnSnap(machine, name ?? '', exchange);
    case 'POST snaps':
      return installFile(machine, exchange);
    case 'GET changes/*': {
      const change = snaps.changes[name ?? ''];
      if (change === undefined) throw new SnapdRefusal(404, `cannot find change with id ${JSON.stringify(name)}`);
      return sync(showChange(change));
    }
    case 'GET changes': {
      const select = exchange.query.get('select') ?? 'in-progress';
      const wanted = Object.values(snaps.changes).filter(
        (change) => select === 'all' || (change.readyTime !== undefined) === (select === 'ready'),
      );
      return sync(wanted.map(showChange));
    }
    case 'GET apps':
      return listApps(machine, exchange);
    case 'POST apps':
      return controlApps(machine, exchange);
    case 'GET logs':
      return showLog(machine, exchange);
    case 'GET find':
      return sync([findSnap(machine, exchange.query.get('name') ?? exchange.query.get('q') ?? '')]);
    case 'GET system-info':
      return sync({
        series: '16',
        version: '2.68.5',
        'os-release': { id: 'ubuntu', 'version-id': '24.04' },
        'on-classic': true,
        architecture: 'amd64',
      });
    default:
      throw known(collection)
        ? new SnapdRefusal(405, `method ${JSON.stringify(method)} not allowed`)
        : new SnapdRefusal(404, 'not found');
  }
}

function known(collection: string | undefined): boolean {
  return ['snaps', 'changes', 'apps', 'logs', 'find', 'system-info'].includes(collection ?? '');
}
