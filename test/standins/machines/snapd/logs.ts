/** `GET /v2/logs`: what services have written last, as JSON text sequences (RFC 7464), with what systemd says of them. */

import type { Answer, Exchange } from '../http/server.ts';
import type { NodeMachine } from '../node/machine.ts';
import { SnapdRefusal } from './answers.ts';

export function showLog(machine: NodeMachine, exchange: Exchange): Answer {
  const names = (exchange.query.get('names') ?? '').split(',').filter((name) => name !== '');
  const count = Number(exchange.query.get('n') ?? '10');
  if (!Number.isInteger(count)) throw new SnapdRefusal(400, 'invalid value for n');
  const services = names.map((name) => {
    const [snap, service = ''] = name.split('.');
    if (snap !== 'k8s' || machine.state.services[service] === undefined)
      throw new SnapdRefusal(404, `snap "k8s" has no service ${JSON.stringify(service)}`, 'app-not-found', name);
    return service;
  });
  const lines = services.flatMap((service) => linesOf(machine, service)).slice(-count);
  const records = lines.map((message) =>
    JSON.stringify({ timestamp: new Date().toISOString(), message, sid: 'k8s', pid: '1' }),
  );
  return {
    status: 200,
    headers: { 'Content-Type': 'application/json-seq' },
    body: records.map((record) => `\u001e${record}\n`).join(''),
  };
}

/** A service that ended on its arguments: kubelet says so in klog's form, the others as commands do. */
function linesOf(machine: NodeMachine, service: string): readonly string[] {
  const unit = `snap.k8s.${service}.service`;
  const started = `Started ${unit} - Service for snap application k8s.${service}.`;
  const program = machine.site.programs[service];
  if (program !== undefined) return program.log(machine);
  const { failure } = machine.services.state(service);
  // What a machine was saved with has no log.
  const ends = machine.services.lastWords(service);
  const known = failure === undefined || ends.at(-1) === failure ? ends : [...ends, failure];
  const begin = failure === undefined ? beginOf(service, started) : [];
  const again =
    failure === undefined && known.length > 0 ? [`${unit}: Scheduled restart job, restart counter is at 1.`] : [];
  return [...known.flatMap((words) => endOf(service, unit, words)), ...again, ...begin];
}

/** What those of Kubernetes say at each start: without `--allow-metric-labels-manifest` they take its absence for an error. */
function beginOf(service: string, started: string): readonly string[] {
  const complains = service.startsWith('kube-') && service !== 'kube-proxy';
  return [
    started,
    ...(complains ? ['E1201 10:00:00.000000    1234 options.go:205] The manifest file is empty, ignoring.'] : []),
  ];
}

function endOf(service: string, unit: string, failure: string): readonly string[] {
  const said =
    service === 'kubelet'
      ? `E1201 10:00:00.000000    1234 run.go:72] "command failed" err=${JSON.stringify(failure)}`
      : `${failure.startsWith('panic: ') ? '' : 'Error: '}${failure}`;
  return [
    said,
    `${unit}: Main process exited, code=exited, status=1/FAILURE`,
    `${unit}: Failed with result 'exit-code'.`,
  ];
}
