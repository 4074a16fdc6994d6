/** A CA charm in the shape of self-signed-certificates, for the local model: its leader answers requests on `certificates`. */

import type { ConfigValue, Databag, Juju } from '../../../../src/clients/juju/juju.ts';
import { openJuju } from '../../../../src/clients/juju/open-juju.ts';
import type { Transport } from '../../../../src/clients/juju/transport.ts';
import { type Authority, nameOf, newAuthority, successionTime } from './authority.ts';
import {
  type Answers,
  answer,
  outstanding,
  type ProviderMode,
  readAnswers,
  readRequests,
  revokeAll,
  withoutGone,
  writeAnswers,
} from './provider.ts';

const ENDPOINT = 'certificates';
const LABEL = 'authority';
const UNIT_MS: Readonly<Record<string, number>> = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000 };

interface Options {
  readonly mode: ProviderMode;
  readonly validityMs: number;
  readonly rootValidityMs: number;
  readonly ageMs: number;
  readonly commonName: string;
  readonly announce: boolean;
}

/** One dispatch, as the `main` of a charm makes it. Resolves to the exit code. */
export async function dispatch(environment: NodeJS.ProcessEnv, transport: Transport): Promise<number> {
  const juju = openJuju(environment, transport);
  try {
    if (juju.event.kind === 'secret-remove' && juju.event.revision !== undefined)
      await juju.secrets.remove(juju.event.uri, juju.event.revision);
    else if (juju.event.kind === 'action') await act(juju, juju.event.name);
    else if (await juju.isLeader()) await reconcile(juju);
    await juju.setStatus({ status: 'active', message: '' });
    await juju.flush();
    return 0;
  } catch (error) {
    juju.log.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
    await juju.flushLog();
    return 1;
  }
}

async function reconcile(juju: Juju): Promise<void> {
  const options = readOptions(await juju.config());
  const before = await readAuthority(juju);
  const changed =
    before === undefined || nameOf(before) !== options.commonName || before.validity !== String(options.rootValidityMs);
  // What it has issued stays as it is; only what is asked for from now on comes from the other.
  const succeeded = !changed && successionTime(before, options.validityMs) <= new Date();
  const issuer = changed || succeeded ? await authorityOf(options) : before;
  if (changed || succeeded) await keepAuthority(juju, issuer, options);
  await eachRelation(juju, async (answers, requests) => {
    const valid = changed ? revokeAll(answers) : answers;
    return options.mode === 'manual' ? valid : issue(valid, requests, options, issuer);
  });
  await announce(juju, options);
}

async function act(juju: Juju, action: string): Promise<void> {
  const options = readOptions(await juju.config());
  const issuer = await readAuthority(juju);
  if (issuer === undefined || !(await juju.isLeader())) return juju.actions.fail('only the leader has the authority');
  if (action === 'revoke') return eachRelation(juju, async (answers) => revokeAll(answers));
  if (action === 'rotate-ca') return keepAuthority(juju, await authorityOf(options), options);
  if (action === 'rotate-private-key') {
    await keepAuthority(juju, await authorityOf(options), options);
    return eachRelation(juju, async (answers) => revokeAll(answers));
  }
  if (action === 'provide-certificate')
    return eachRelation(juju, (answers, requests) => issue(answers, requests, options, issuer));
  await juju.actions.fail(`no action ${action}`);
}

type Requests = ReturnType<typeof readRequests>;

async function issue(answers: Answers, requests: Requests, options: Options, issuer: Authority): Promise<Answers> {
  let issued = answers;
  for (const request of outstanding(answers, requests)) issued = await answer(issued, request, { ...options, issuer });
  return issued;
}

async function eachRelation(
  juju: Juju,
  change: (answers: Answers, requests: Requests) => Promise<Answers>,
): Promise<void> {
  const { relations, identity } = juju;
  for (const relation of await relations.ids(ENDPOINT)) {
    const units = await Promise.all((await relations.units(relation)).map((unit) => relations.unitBag(relation, unit)));
    const application = await relations.applicationBag(relation, await relations.application(relation));
    const requests = [...units, application].flatMap((bag: Databag) => readRequests(bag));
    const answers = withoutGone(readAnswers(await relations.applicationBag(relation, identity.application)), requests);
    relations.setApplication(relation, writeAnswers(await change(answers, requests)));
  }
}

async function announce({ relations }: Juju, { announce: wanted, mode }: Options): Promise<void> {
  const able = mode !== 'vault';
  const said = { supports_ip_sans: able, supports_ca_certificates: able, provider_type: mode, allowed_domains: null };
  for (const relation of await relations.ids(ENDPOINT))
    relations.setApplication(relation, { capabilities: wanted ? JSON.stringify(said) : undefined });
}

function authorityOf({ commonName, rootValidityMs }: Options): Promise<Authority> {
  return newAuthority(commonName, undefined, new Date(), rootValidityMs);
}

/** With the validity that was configured when it was made. */
async function readAuthority({ secrets }: Juju): Promise<(Authority & { readonly validity: string }) | undefined> {
  const content = await secrets.get({ label: LABEL }, 'refresh');
  const [certificate, key] = [content?.['ca-certificate'], content?.['private-key']];
  return certificate && key ? { certificate, key, validity: content?.['validity'] ?? '' } : undefined;
}

async function keepAuthority(
  { secrets }: Juju,
  { certificate, key }: Authority,
  { rootValidityMs }: Options,
): Promise<void> {
  const content = { 'ca-certificate': certificate, 'private-key': key, validity: String(rootValidityMs) };
  const known = await secrets.info({ label: LABEL });
  if (known === undefined) await secrets.add(content, { label: LABEL, owner: 'application' });
  else await secrets.set(known.id, content);
}

function readOptions(config: Readonly<Record<string, ConfigValue>>): Options {
  return {
    mode: String(config['mode']) as ProviderMode,
    validityMs: milliseconds(config['certificate-validity']),
    rootValidityMs: milliseconds(config['root-ca-validity']),
    ageMs: milliseconds(config['age']),
    commonName: String(config['ca-common-name']),
    announce: config['announce-capabilities'] === true,
  };
}

function milliseconds(text: ConfigValue | undefined): number {
  const [, number, unit = ''] = /^([0-9]+)([dhms])$/.exec(String(text)) ?? [];
  return Number(number) * (UNIT_MS[unit] ?? Number.NaN);
}
