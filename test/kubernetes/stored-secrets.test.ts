/** Guards how Secrets are listed and written anew: without what they hold, whatever an API server answers, and what its metrics say. */
import { describe, expect, it } from 'vitest';
import { administrator } from './administrator.ts';
import { answer, refuse } from './api-server.ts';

const speaking = administrator();

const secret = { name: 'a', namespace: 'default', uid: 'u', resourceVersion: '7' };

describe('a page of Secrets', () => {
  it('is asked for without their content; one that is given all the same goes no further', async () => {
    const { kubernetes, server } = await speaking((_asked, response) =>
      answer(response, {
        kind: 'SecretList',
        metadata: { continue: 'more', resourceVersion: '9' },
        items: [{ metadata: { ...secret, labels: { x: 'y' } }, data: { password: 'c2VjcmV0' } }],
      }),
    );
    expect(await kubernetes.secretPage({ limit: 5, after: 'before' })).toEqual({ secrets: [secret], next: 'more' });
    const [asked] = server.asked;
    expect(asked?.path).toBe('/api/v1/secrets?limit=5&continue=before');
    expect(asked?.headers.accept).toMatch(/^application\/json;as=PartialObjectMetadataList;g=meta\.k8s\.io;v=v1,/);
  });

  it('is the last one when nothing follows', async () => {
    const { kubernetes } = await speaking((_asked, response) =>
      answer(response, { metadata: { continue: '' }, items: [] }),
    );
    expect(await kubernetes.secretPage({ limit: 5, after: undefined })).toEqual({ secrets: [], next: undefined });
  });

  it.each([[{ items: [] }], [{ metadata: {}, items: [{ metadata: { name: 'a' } }] }], ['nonsense']])(
    'is none in %j, which is not quoted',
    async (given) => {
      const { kubernetes } = await speaking((_asked, response) => answer(response, given));
      await expect(kubernetes.secretPage({ limit: 5, after: undefined })).rejects.toMatchObject({
        reason: 'BadAnswer',
      });
    },
  );
});

describe('a Secret', () => {
  it('is written anew by a patch that changes nothing, for the version that was listed', async () => {
    const { kubernetes, server } = await speaking((_asked, response) => answer(response, {}));
    await kubernetes.rewriteSecret(secret);
    expect(server.asked[0]).toMatchObject({
      method: 'PATCH',
      path: '/api/v1/namespaces/default/secrets/a',
      body: { metadata: { uid: 'u', resourceVersion: '7' } },
    });
    expect(server.asked[0]?.headers['content-type']).toBe('application/merge-patch+json');
  });

  it('needs no connection of its own', async () => {
    const { kubernetes, server } = await speaking((_asked, response) => answer(response, {}));
    await Promise.all(Array.from({ length: 6 }, () => kubernetes.rewriteSecret(secret)));
    expect([server.asked.length, server.connections()]).toEqual([6, 1]);
  });

  it.each([
    [409, 'Conflict'],
    [404, 'NotFound'],
  ])('that somebody else has written or deleted meanwhile is done, %i', async (code, reason) => {
    const { kubernetes } = await speaking((_asked, response) => refuse(response, code, reason, 'no'));
    await expect(kubernetes.rewriteSecret(secret)).resolves.toBeUndefined();
  });

  it('that a webhook refuses is not', async () => {
    const { kubernetes } = await speaking((_asked, response) => refuse(response, 403, 'Forbidden', 'not today'));
    await expect(kubernetes.rewriteSecret(secret)).rejects.toMatchObject({ reason: 'Forbidden', message: 'not today' });
  });
});

describe('metrics', () => {
  it('are the lines of those names and of no longer ones', async () => {
    const lines = ['# HELP a b', 'a 1', 'a{x="1"} 2', 'a_total 3', 'b 4'];
    const { kubernetes } = await speaking((_asked, response) => response.end(lines.join('\n')));
    expect(await kubernetes.metrics(['a', 'c'])).toEqual(['a 1', 'a{x="1"} 2']);
  });

  it('that are refused are an error', async () => {
    const { kubernetes } = await speaking((_asked, response) => refuse(response, 403, 'Forbidden', 'no'));
    await expect(kubernetes.metrics(['a'])).rejects.toMatchObject({ reason: 'Forbidden' });
  });
});
