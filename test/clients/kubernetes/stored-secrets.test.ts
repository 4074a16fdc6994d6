/** Guards how Secrets are listed and written anew: without what they hold, whatever an API server answers, and what its metrics say. */
import { describe, expect, it } from 'vitest';
import { administrator } from './administrator.ts';
import { answer, refuse } from './api-server.ts';

const speaking = administrator();

const secret = { name: 'a', namespace: 'default', uid: 'u', resourceVersion: '7' };

const page = (secrets: readonly object[], next = '') => ({
  kind: 'PartialObjectMetadataList',
  apiVersion: 'meta.k8s.io/v1',
  metadata: { continue: next, resourceVersion: '9' },
  items: secrets.map((metadata) => ({ metadata })),
});

describe('a page of Secrets', () => {
  it('is asked for without their content', async () => {
    const { kubernetes, server } = await speaking((_asked, response) =>
      answer(response, page([{ ...secret, labels: { x: 'y' }, annotations: { a: 'b' } }], 'more')),
    );
    expect(await kubernetes.secretPage({ limit: 5, after: 'before' })).toEqual({ secrets: [secret], next: 'more' });
    const [asked] = server.asked;
    expect(asked?.path).toBe('/api/v1/secrets?limit=5&continue=before');
    expect(asked?.headers.accept).toBe('application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1');
  });

  it('is the last one when nothing follows', async () => {
    const { kubernetes } = await speaking((_asked, response) => answer(response, page([])));
    expect(await kubernetes.secretPage({ limit: 5, after: undefined })).toEqual({ secrets: [], next: undefined });
  });

  it.each([
    [
      'whole Secrets',
      { kind: 'SecretList', metadata: {}, items: [{ metadata: secret, data: { password: 'c2VjcmV0' } }] },
    ],
    ['no list', { items: [] }],
    ['one without a version', page([{ name: 'a' }])],
    ['no object', 'nonsense'],
  ])('is none in %s, which is not quoted', async (_what, given) => {
    const { kubernetes } = await speaking((_asked, response) => answer(response, given));
    const error: unknown = await kubernetes
      .secretPage({ limit: 5, after: undefined })
      .catch((caught: unknown) => caught);
    expect(error).toMatchObject({ reason: 'BadAnswer' });
    expect(String(error)).not.toContain('c2VjcmV0');
  });

  it('goes on where the API server says when the list that it is of is past', async () => {
    const { kubernetes, server } = await speaking(({ path }, response) => {
      if (path.endsWith('continue=old')) answer(response, expiredWith('fresh'), 410);
      else answer(response, page([secret], 'more'));
    });
    expect(await kubernetes.secretPage({ limit: 5, after: 'old' })).toEqual({ secrets: [secret], next: 'more' });
    expect(server.asked.map(({ path }) => path)).toEqual([
      '/api/v1/secrets?limit=5&continue=old',
      '/api/v1/secrets?limit=5&continue=fresh',
    ]);
  });

  it('is refused as expired when it does not say, or refuses that, too', async () => {
    for (const next of [undefined, 'fresh']) {
      const { kubernetes, server } = await speaking((_asked, response) => answer(response, expiredWith(next), 410));
      await expect(kubernetes.secretPage({ limit: 5, after: 'old' })).rejects.toMatchObject({
        status: 410,
        reason: 'Expired',
      });
      expect(server.asked).toHaveLength(next === undefined ? 1 : 2);
    }
  });
});

function expiredWith(next: string | undefined): object {
  const metadata = next === undefined ? {} : { continue: next };
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata,
    status: 'Failure',
    reason: 'Expired',
    message: 'old',
    code: 410,
  };
}

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

describe('one Secret', () => {
  it('is read without its content, and is none when it is gone', async () => {
    const { kubernetes, server } = await speaking(({ path }, response) => {
      if (path.endsWith('gone')) refuse(response, 404, 'NotFound', 'no');
      else answer(response, { kind: 'PartialObjectMetadata', metadata: { ...secret, labels: {} } });
    });
    expect(await kubernetes.storedSecret({ namespace: 'default', name: 'a' })).toEqual(secret);
    expect(await kubernetes.storedSecret({ namespace: 'default', name: 'gone' })).toBeUndefined();
    expect(server.asked[0]?.headers.accept).toBe('application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1');
  });

  it('is not taken whole', async () => {
    const { kubernetes } = await speaking((_asked, response) =>
      answer(response, { kind: 'Secret', metadata: secret, data: { password: 'c2VjcmV0' } }),
    );
    await expect(kubernetes.storedSecret(secret)).rejects.toMatchObject({ reason: 'BadAnswer' });
  });
});

describe('metrics', () => {
  it('are the lines of those names and of no longer ones', async () => {
    const lines = ['# HELP a b', 'a 1', 'a{x="1"} 2', 'a_total 3', 'b 4'];
    const { kubernetes } = await speaking((_asked, response) => response.end(lines.join('\n')));
    expect(await kubernetes.metrics(['a', 'c'])).toEqual(['a 1', 'a{x="1"} 2']);
  });

  it('are found in whatever pieces they come, and lines without end are not kept', async () => {
    const { kubernetes } = await speaking((_asked, response) => {
      const text = `a 1\n${'z'.repeat(3_000_000)}\na{x="1"} 2\na ${'9'.repeat(70_000)}\nb 4\na 5`;
      for (let at = 0; at < text.length; at += 65_521) response.write(text.slice(at, at + 65_521));
      response.end();
    });
    expect(await kubernetes.metrics(['a', 'c'])).toEqual(['a 1', 'a{x="1"} 2', 'a 5']);
  });

  it('that are refused are an error', async () => {
    const { kubernetes } = await speaking((_asked, response) => refuse(response, 403, 'Forbidden', 'no'));
    await expect(kubernetes.metrics(['a'])).rejects.toMatchObject({ reason: 'Forbidden' });
  });
});
