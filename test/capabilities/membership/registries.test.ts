import { describe, expect, it } from 'vitest';
import { parseRegistries, registriesAsJson, registryFiles } from '../../../src/capabilities/membership/registries.ts';

const OPTION = 'containerd-custom-registries';
const parse = (items: unknown) => parseRegistries(OPTION, JSON.stringify(items));
const files = (item: object) => {
  const { value, problems } = parse([item]);
  expect(problems).toEqual([]);
  return Object.fromEntries(value.flatMap(registryFiles).map(({ path, content }) => [path, content]));
};
const base64 = (text: string) => Buffer.from(text).toString('base64');

const PEM = '-----BEGIN CERTIFICATE-----\nMAo=\n-----END CERTIFICATE-----\n';
const KEY_PEM = '-----BEGIN EC PRIVATE KEY-----\nMAo=\n-----END EC PRIVATE KEY-----\n';

describe('files of a registry', () => {
  it.each([
    ['a path', 'ca_file', '/etc/ssl/certs/ca.crt'],
    ['PEM as it is', 'ca_file', PEM],
    ['something else in base64', 'cert_file', base64('CERT')],
    ['a key where a certificate is wanted', 'cert_file', base64(KEY_PEM)],
    ['an encrypted key', 'key_file', base64(KEY_PEM.replaceAll('EC PRIVATE', 'ENCRYPTED PRIVATE'))],
  ])('refuses %s, which would be rubbish on every node', (_, field, value) => {
    expect(parse([{ url: 'https://r.example', [field]: value }]).problems).toMatchObject([
      { message: expect.stringMatching(`^item 1 has a ${field} that is not a .* in PEM, encoded with base64`) },
    ]);
  });

  it('takes what base64 prints without -w0', () => {
    const wrapped = base64(PEM).replace(/.{20}/g, '$&\n');
    const written = files({ url: 'https://r.example', ca_file: wrapped });
    expect(written['/etc/containerd/hosts.d/r.example/ca.crt']).toBe(PEM);
  });
});

describe('registriesAsJson', () => {
  it.each([
    ['[{"url": "https://a.example"}]', '[{"url": "https://a.example"}]'],
    ['- url: https://a.example\n  skip_verify: true\n', '[{"url":"https://a.example","skip_verify":true}]'],
    ['[{"url": "https://a.example",}]', '[{"url":"https://a.example"}]'],
    ['', '[]'],
    [' \n', '[]'],
    ['[{', '[{'],
  ])('reads %j as the existing charms do, and leaves what cannot be read', async (text, json) => {
    expect(await registriesAsJson(text)).toBe(json);
  });
});

describe('the host of a registry', () => {
  it.each([
    ['https://registry.example.com:443/v2', 'registry.example.com:443'],
    ['http://registry.example.com', 'registry.example.com'],
    ['https://user@[2001:db8::1]:5000', '[2001:db8::1]:5000'],
  ])('of %s has the port that images are named with', (url, host) => {
    expect(parse([{ url }]).value).toMatchObject([{ host }]);
  });

  it.each(['https://../x', 'https://.hidden'])('cannot lead out of its folder: %s', (url) => {
    expect(parse([{ url }]).problems).toHaveLength(1);
  });
});

describe('registryFiles', () => {
  it('gives the least for a URL alone', () => {
    expect(files({ url: 'https://registry.example.com:5000' })).toEqual({
      '/etc/containerd/hosts.d/registry.example.com:5000/hosts.toml': `server = "https://registry.example.com:5000"

[host."https://registry.example.com:5000"]
capabilities = ["pull", "resolve"]
`,
    });
  });

  it('gives certificates, a mirror of another host, flags and credentials', () => {
    const folder = '/etc/containerd/hosts.d/docker.io';
    expect(
      files({
        url: 'http://mirror.example.com/v2',
        host: 'docker.io',
        username: 'u',
        password: 'p"\\q',
        ca_file: base64(PEM),
        cert_file: base64(PEM),
        key_file: base64(KEY_PEM),
        skip_verify: true,
        override_path: true,
      }),
    ).toEqual({
      [`${folder}/ca.crt`]: PEM,
      [`${folder}/client.crt`]: PEM,
      [`${folder}/client.key`]: KEY_PEM,
      [`${folder}/hosts.toml`]: `server = "http://mirror.example.com/v2"

[host."http://mirror.example.com/v2"]
capabilities = ["pull", "resolve"]
ca = "${folder}/ca.crt"
client = [["${folder}/client.crt", "${folder}/client.key"]]
skip_verify = true
override_path = true
[host."http://mirror.example.com/v2".header]
Authorization = "Basic ${base64('u:p"\\q')}"
`,
    });
  });

  it('gives a token where there is no password', () => {
    expect(
      files({ url: 'https://r.example', identitytoken: 't0k"en' })['/etc/containerd/hosts.d/r.example/hosts.toml'],
    ).toContain('Authorization = "Bearer t0k\\"en"\n');
  });

  it('cannot be led out of its folder or out of a TOML text', () => {
    const content = Object.values(files({ url: 'https://r.example/"]\n[evil]' }))[0] ?? '';
    expect(content.split('\n').filter((line) => line.startsWith('['))).toHaveLength(1);
    for (const host of ['../etc', '.', '..', 'a/b', 'a b', 'a\n'])
      expect(parse([{ url: 'https://r.example', host }]).problems[0]?.message).toBe(
        'item 1 has a host that is not a host name',
      );
  });
});

describe('parseRegistries', () => {
  it.each(['', '  ', '[]'])('reads %j as none', (text) => {
    expect(parseRegistries(OPTION, text)).toEqual({ value: [], problems: [] });
  });

  it.each([
    [
      { url: 'https://a.example' },
      'is not a list of objects; write one such as [{"url": "https://registry.example.com"}]',
    ],
    [['https://a.example'], 'item 1 is not an object'],
    [[null], 'item 1 is not an object'],
    [
      [{ url: 'https://a.example' }, { url: 'ftp://b.example' }],
      'item 2 has no url that begins with http:// or https://',
    ],
    [[{ host: 'a.example' }], 'item 1 has no url that begins with http:// or https://'],
    [[{ url: 'https://' }], 'item 1 has no url that begins with http:// or https://'],
    [
      [{ url: 'https://a.example', pasword: 'x' }],
      'item 1 has the unknown field "pasword"; known are url, host, username, password, identitytoken, ca_file, cert_file, key_file, skip_verify, override_path',
    ],
    [[{ url: 'https://a.example', password: 1 }], 'item 1 has a password that is not text'],
    [[{ url: 'https://a.example', skip_verify: 'yes' }], 'item 1 has a skip_verify that is neither true nor false'],
    [
      [{ url: 'https://a.example' }, { url: 'http://b.example', host: 'a.example' }],
      'item 2 names a host that an item before it has',
    ],
  ])('refuses %j', (items, message) => {
    expect(parse(items)).toEqual({ value: [], problems: [{ option: OPTION, message }] });
  });

  it.each([
    '[{"url": "https://u:hunter2@a.example", "password": "hunter2"',
    JSON.stringify([{ url: 'https://a.example', username: 'u', password: 'hunter2', extra: 1 }]),
    JSON.stringify([{ url: 'hunter2', password: 'hunter2' }]),
    JSON.stringify([{ url: 'https://a.example', identitytoken: ['hunter2'] }]),
    JSON.stringify([{ url: 'https://a.example', host: 'hunter2 /', password: 'hunter2' }]),
  ])('tells no credentials when it refuses %s', (text) => {
    const { problems } = parseRegistries(OPTION, text);
    expect(problems).toHaveLength(1);
    expect(JSON.stringify(problems)).not.toContain('hunter2');
  });
});
