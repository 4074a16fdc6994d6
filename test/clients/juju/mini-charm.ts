/**
 * A charm that uses every part of the Juju client, for running inside the local model: it shares text with its peers, hands a
 * secret to each unit of a related application, and takes it back when that unit goes.
 */

import type { Juju } from '../../../src/clients/juju/juju.ts';
import { openJuju } from '../../../src/clients/juju/open-juju.ts';
import { openTransport } from '../../../src/clients/juju/open-transport.ts';

/** What YAML, trimming and argument vectors would each break in their own way. */
export const AWKWARD = '-----BEGIN X-----\n"é" \u0085 😀 \\/ a=b\n-----END X-----\n';

/** One dispatch, as the `main` of a charm makes it. */
export async function dispatch(): Promise<void> {
  const transport = openTransport();
  const juju = openJuju(process.env, transport);
  try {
    if (juju.event.kind === 'action') await act(juju);
    else await reconcile(juju);
    await juju.flush();
  } catch (error) {
    juju.log.error(String(error));
    await juju.flushLog();
    process.exitCode = 1;
  } finally {
    transport.close();
  }
}

async function act({ actions, event }: Juju): Promise<void> {
  const parameters = await actions.parameters();
  if (event.kind === 'action' && event.name === 'break') return actions.fail('-- it broke\nin two lines');
  await actions.log('working');
  await actions.setResults({ asked: { for: String(parameters['what']), times: 2 }, text: AWKWARD });
}

async function reconcile(juju: Juju): Promise<void> {
  const { relations, state } = juju;
  const config = await juju.config();
  const leader = await juju.isLeader();
  const [peer] = await relations.ids('cluster');
  if (peer === undefined) return;
  relations.setUnit(peer, { text: AWKWARD, greeting: String(config['greeting']) });
  if (leader) relations.setApplication(peer, { leader: juju.identity.unit });
  const peers = await relations.remoteBags(peer);
  state.set('awkward', AWKWARD);
  await juju.openPort('6443/tcp');
  await juju.setWorkloadVersion('1.35.0');

  const workers: string[] = [];
  for (const relation of await relations.ids('workers')) {
    for (const [unit, bag] of await relations.remoteBags(relation)) {
      workers.push(`${unit}=${bag['name'] ?? ''}`);
      if (leader && bag['name'] !== undefined) await invite(juju, relation, unit, bag['name']);
    }
  }
  if (leader) await forgetGone(juju, workers);
  const greetings = [...peers].map(([unit, bag]) => `${unit} ${bag['text'] === AWKWARD ? bag['greeting'] : 'garbled'}`);
  if (config['fail'] === true) {
    await juju.setStatus({ status: 'waiting', message: 'about to fail' });
    throw new Error('told to fail');
  }
  await juju.setStatus({ status: 'active', message: [...greetings, ...workers].join(', ') });
}

/** Each unit has a secret that holds its name, as the unit tells it. */
async function invite(
  { relations, secrets, state }: Juju,
  relation: string,
  unit: string,
  name: string,
): Promise<void> {
  const known = await state.get(`secret/${unit}`);
  if (known === undefined) {
    const uri = await secrets.add({ token: AWKWARD, name }, { label: `for ${unit}` });
    await secrets.grant(uri, relation, unit);
    relations.setApplication(relation, { [`${unit}-secret-id`]: uri });
    state.set(`secret/${unit}`, uri);
    return;
  }
  const content = await secrets.get({ uri: known }, 'refresh');
  const info = await secrets.info({ uri: known });
  if (content?.['name'] !== name) await secrets.set(known, { token: AWKWARD, name, revision: String(info?.revision) });
}

async function forgetGone({ secrets, state }: Juju, workers: readonly string[]): Promise<void> {
  for (const [key, uri] of Object.entries(await state.entries('secret/'))) {
    const unit = key.slice('secret/'.length);
    if (workers.some((worker) => worker.startsWith(`${unit}=`))) continue;
    await secrets.remove(uri);
    state.set(key, undefined);
  }
}
