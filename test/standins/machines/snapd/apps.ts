/** Services, as snapd shows and controls them. */

import type { Answer, Exchange } from '../http/server.ts';
import type { NodeMachine } from '../node/machine.ts';
import { snapServices } from '../node/services.ts';
import { accepted, SnapdRefusal, sync } from './answers.ts';
import { startChange } from './changes.ts';
import { decode } from './snaps.ts';

export function listApps(machine: NodeMachine, exchange: Exchange): Answer {
  const names = (exchange.query.get('names') ?? '').split(',').filter((name) => name !== '');
  const select = exchange.query.get('select') ?? '';
  if (select !== '' && select !== 'service')
    throw new SnapdRefusal(400, `invalid select parameter: ${JSON.stringify(select)}`);
  const installed = machine.state.snapd.snap !== undefined;
  if (names.length === 0 && !installed) return sync([]);
  const wanted = names.length === 0 ? servicesOf(machine) : names.flatMap((name) => resolve(machine, name));
  const services = wanted.map((name) => ({
    snap: 'k8s',
    name,
    daemon: name === 'containerd' ? 'notify' : 'simple',
    'daemon-scope': 'system',
    // False ones are left out.
    ...(machine.state.services[name]?.enabled === true ? { enabled: true } : {}),
    ...(machine.services.isActive(name) ? { active: true } : {}),
  }));
  return sync(select === 'service' ? services : [{ snap: 'k8s', name: 'k8s' }, ...services]);
}

export function controlApps(machine: NodeMachine, exchange: Exchange): Answer {
  const request = decode(exchange.body);
  const { action, names } = request;
  if (!Array.isArray(names) || names.length === 0) {
    throw new SnapdRefusal(400, 'cannot perform operation on services without a list of services to operate on');
  }
  if (action !== 'start' && action !== 'stop' && action !== 'restart')
    throw new SnapdRefusal(400, `unknown action ${JSON.stringify(action ?? '')}`);
  const failure = machine.site.faults.take(machine.id, `services ${action}`);
  if (failure?.status !== undefined) throw new SnapdRefusal(failure.status, failure.text, failure.kind);
  // A restart of the whole snap leaves what does not run alone; one that names a service starts it.
  const services = names.map(String).flatMap((name) => {
    const all = resolve(machine, name);
    return name === 'k8s' && action === 'restart' ? all.filter((service) => machine.services.isActive(service)) : all;
  });
  const id = startChange(machine, 'service-control', `Running service command`, {
    type: 'services',
    action,
    services,
    enable: request['enable'] === true,
    disable: request['disable'] === true,
    ...(failure === undefined ? {} : { failure: failure.text }),
  });
  return accepted(id);
}

function resolve(machine: NodeMachine, name: string): readonly string[] {
  const [snap, app] = name.split('.');
  if (snap !== 'k8s' || machine.state.snapd.snap === undefined) {
    throw new SnapdRefusal(404, `snap ${JSON.stringify(snap)} not found`, 'snap-not-found', snap);
  }
  const services = servicesOf(machine);
  if (app === undefined) return services;
  if (!services.includes(app))
    throw new SnapdRefusal(404, `snap "k8s" has no service ${JSON.stringify(app)}`, 'app-not-found', name);
  return [app];
}

/** k8s-dqlite went with 1.36. */
function servicesOf(machine: NodeMachine): readonly string[] {
  return machine.minor >= 36 ? snapServices : [...snapServices, 'k8s-dqlite'].sort();
}
