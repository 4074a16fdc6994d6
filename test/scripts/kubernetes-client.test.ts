/** Guards what packing leaves of the generated Kubernetes client: less code, and the same answers. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CoreV1ApiRequestFactory } from '@kubernetes/client-node/dist/gen/apis/CoreV1Api.js';
import { ObjectSerializer } from '@kubernetes/client-node/dist/gen/models/ObjectSerializer.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bundle, bundleProgram } from '../../scripts/pack/bundle.ts';
import { repository } from '../../scripts/pack/places.ts';

const generated = join(repository, 'node_modules/@kubernetes/client-node/dist/gen');

interface Packed {
  readonly ObjectSerializer: typeof ObjectSerializer;
  readonly CoreV1ApiRequestFactory: typeof CoreV1ApiRequestFactory;
}

let folder: string;
let bundle: Bundle;
let packed: Packed;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'client-'));
  const entry = join(folder, 'entry.ts');
  await writeFile(
    entry,
    `export { ObjectSerializer } from '${generated}/models/ObjectSerializer.js';
     export { CoreV1ApiRequestFactory } from '${generated}/apis/CoreV1Api.js';`,
  );
  bundle = await bundleProgram(entry);
  for (const { name, code } of bundle.files) await writeFile(join(folder, name), code);
  packed = createRequire(entry)('./main.cjs') as Packed;
});

afterAll(() => rm(folder, { recursive: true }));

describe('the packed Kubernetes client', () => {
  it('has the operations that the charms call and no others', () => {
    const names = Object.getOwnPropertyNames(packed.CoreV1ApiRequestFactory.prototype);
    expect(names).toEqual(['constructor', 'listNamespacedPod', 'listNode', 'patchNode', 'readNode']);
    expect(Object.getOwnPropertyNames(CoreV1ApiRequestFactory.prototype).length).toBeGreaterThan(100);
  });

  it('has no code of undici', () => {
    expect(bundle.packages.filter((name) => name.includes('undici'))).toEqual([]);
  });

  // A model that is missing shows in its dates: they would stay text.
  it.each(['V1PodList', 'V1NodeList'])('reads a %s as the whole client does, into the depth', (type) => {
    const read = packed.ObjectSerializer.deserialize(answers[type], type, '');
    expect(read).toEqual(ObjectSerializer.deserialize(answers[type], type, ''));
    expect(read.items[0].metadata.managedFields[0].time).toEqual(new Date(time));
    expect(JSON.stringify(read)).toContain('"deep"');
  });

  it('reads and writes a signing request as the whole client does', () => {
    const type = 'V1CertificateSigningRequest';
    const read = packed.ObjectSerializer.deserialize(answers[type], type, '');
    expect(read).toEqual(ObjectSerializer.deserialize(answers[type], type, ''));
    expect(read.status.conditions[0].lastUpdateTime).toEqual(new Date(time));
    expect(packed.ObjectSerializer.serialize(read, type, '')).toEqual(ObjectSerializer.serialize(read, type, ''));
  });
});

const time = '2026-01-02T03:04:05.000Z';
const metadata = { name: 'deep', creationTimestamp: time, managedFields: [{ manager: 'kubelet', time }] };
const answers: Readonly<Record<string, object>> = {
  V1PodList: {
    items: [
      {
        metadata,
        spec: {
          containers: [{ name: 'deep', env: [{ name: 'A', valueFrom: { secretKeyRef: { key: 'k', name: 's' } } }] }],
          volumes: [{ name: 'v', ephemeral: { volumeClaimTemplate: { metadata, spec: {} } } }],
        },
        status: {
          conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: time }],
          containerStatuses: [{ name: 'c', state: { running: { startedAt: time } } }],
        },
      },
    ],
  },
  V1NodeList: {
    items: [
      {
        metadata,
        spec: { taints: [{ key: 'a', effect: 'NoSchedule', timeAdded: time }] },
        status: { conditions: [{ type: 'Ready', status: 'True', lastHeartbeatTime: time }] },
      },
    ],
  },
  V1CertificateSigningRequest: {
    metadata,
    spec: { request: 'AA==', signerName: 'x/y', usages: ['client auth'] },
    status: { conditions: [{ type: 'Approved', status: 'True', lastUpdateTime: time }] },
  },
};
