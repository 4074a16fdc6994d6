/** A charm that wants certificates and nothing else: what the option `wishes` says, taken into service as files beside the charm. */

import { X509Certificate } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { applyRelation } from '../../../../../src/capabilities/certificates/relation/apply.ts';
import { describeRelationChange } from '../../../../../src/capabilities/certificates/relation/change.ts';
import {
  type CertificateAndKey,
  collectCertificate,
} from '../../../../../src/capabilities/certificates/relation/collect.ts';
import { noteRunOut } from '../../../../../src/capabilities/certificates/relation/expiry.ts';
import { DEFAULT_TIMING } from '../../../../../src/capabilities/certificates/relation/facts.ts';
import { observeRelation } from '../../../../../src/capabilities/certificates/relation/observe.ts';
import { planRelation, type RelationPlan } from '../../../../../src/capabilities/certificates/relation/plan.ts';
import type { CertificateWish } from '../../../../../src/capabilities/certificates/relation/wish.ts';
import { applyTransfer, observeTransfer } from '../../../../../src/capabilities/certificates/transfer/observe.ts';
import { planTransfer } from '../../../../../src/capabilities/certificates/transfer/plan.ts';
import { createExecTransport } from '../../../../../src/clients/juju/exec-transport.ts';
import type { Juju } from '../../../../../src/clients/juju/juju.ts';
import { openJuju } from '../../../../../src/clients/juju/open-juju.ts';
import type { UnitStatus } from '../../../../../src/clients/juju/status.ts';

export const ENDPOINT = 'certificates';

/** Beyond it two changes undo each other. */
const MOST_ROUNDS = 5;

/** One dispatch, as the `main` of a charm makes it. */
export async function dispatch(): Promise<void> {
  const juju = openJuju(process.env, createExecTransport());
  try {
    if (!(await prune(juju))) await reconcile(juju);
    await juju.flush();
  } catch (error) {
    juju.log.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
    await juju.flushLog();
    process.exitCode = 1;
  }
}

async function prune(juju: Juju): Promise<boolean> {
  const { event } = juju;
  if (event.kind === 'secret-expired') return !(await noteRunOut(juju));
  if (event.kind !== 'secret-remove') return false;
  if (event.revision !== undefined) await juju.secrets.remove(event.uri, event.revision);
  return true;
}

async function reconcile(juju: Juju): Promise<void> {
  const config = await juju.config();
  const wishes = JSON.parse(String(config['wishes'])) as readonly CertificateWish[];
  const timing = { ...DEFAULT_TIMING, ...(JSON.parse(String(config['timing'])) as object) };
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const facts = await observeRelation(juju, { endpoint: ENDPOINT, wishes, now: new Date(), timing });
    const plan = planRelation(facts);
    for (const change of plan.changes) {
      juju.log.info(describeRelationChange(change));
      await applyRelation(juju, ENDPOINT, change);
    }
    if (plan.changes.length === 0) return serve(juju, wishes, plan);
  }
  throw new Error('the changes do not come to an end');
}

async function serve(juju: Juju, wishes: readonly CertificateWish[], plan: RelationPlan): Promise<void> {
  const folder = join(juju.identity.charmDirectory, '..', 'service');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'standing.json'), JSON.stringify(Object.fromEntries(plan.standing)));
  for (const wish of wishes) {
    const standing = plan.standing.get(wish.id);
    const file = join(folder, `${wish.id}.json`);
    if (standing?.state !== 'issued' || (await fingerprintIn(file)) === standing.fingerprint) continue;
    const issued = await collectCertificate(juju, ENDPOINT, wish, standing);
    if (issued !== undefined) await writeFile(file, JSON.stringify(issued), { mode: 0o600 });
  }
  await share(juju, plan);
  const worst = plan.reports.toSorted((a, b) => rank(a) - rank(b))[0];
  await juju.setStatus(worst ?? { status: 'active', message: '' });
}

/** The authorities of what is in service, for other applications. */
async function share(juju: Juju, { standing }: RelationPlan): Promise<void> {
  const authorities = [...standing.values()].flatMap((each) => (each.state === 'issued' ? [each.authority] : []));
  const facts = await observeTransfer(juju, 'send-ca-cert', authorities);
  for (const change of planTransfer(facts)) applyTransfer(juju, change);
}

async function fingerprintIn(file: string): Promise<string | undefined> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  return text && new X509Certificate((JSON.parse(text) as CertificateAndKey).certificate).fingerprint256;
}

function rank({ status }: UnitStatus): number {
  return ['blocked', 'waiting'].indexOf(status);
}
