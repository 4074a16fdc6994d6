/** Guards that the quick reader of kubeconfigs gives what a reader of all of YAML gives, or nothing. */

import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { parsePlainYaml } from '../../../src/clients/kubernetes/plain-yaml.ts';

const KUBECONFIG = `apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: LS0tLS1CRUdJTi9+Kw==
    server: https://127.0.0.1:6443
    tls-server-name: kubernetes
  name: k8s
contexts:
- context:
    cluster: k8s
    user: k8s-user
  name: k8s
current-context: k8s
kind: Config
preferences: {}
users:
- name: k8s-user
  user:
    client-certificate-data: "LS0tLS1CRUdJTi"
    client-key-data: 'LS0tLS1CRUdJTi'
    token: worker::0a
`;

describe('parsePlainYaml', () => {
  it.each([
    ['as kubectl writes it', KUBECONFIG],
    ['as the YAML library writes it', stringify(parse(KUBECONFIG), { lineWidth: 0 })],
    ['with an address of IPv6', KUBECONFIG.replace('127.0.0.1', '[::1]')],
    ['a list of words', 'a:\n- b\n- "c d"\n'],
    ['a list in a list is not needed, one in a map is', 'a:\n  - b: c\n    d:\n      - e\n'],
    ['empty ones', 'a: {}\nb: []\n'],
  ])('reads a kubeconfig %s', (_, text) => {
    expect(parsePlainYaml(text)).toEqual(parse(text));
  });

  it.each([
    ['a number', 'a: 1\n'],
    ['a truth', 'a: True\n'],
    ['nothing', 'a:\n'],
    ['null', 'a: null\n'],
    ['a comment', 'a: b # c\n'],
    ['a line of comment', '# c\na: b\n'],
    ['an anchor', 'a: &b c\n'],
    ['an alias', 'a: &b c\nd: *b\n'],
    ['a flow map', 'a: {b: c}\n'],
    ['a block of text', 'a: |\n  b\n'],
    ['text over two lines', 'a: b\n  c\n'],
    ['an escape', 'a: "\\n"\n'],
    ['a key twice', 'a: b\na: c\n'],
    ['a tag', 'a: !!str b\n'],
    ['a tab', 'a:\n\tb: c\n'],
    ['two documents', 'a: b\n---\nc: d\n'],
    ['a key that is a truth', 'true: b\n'],
    ['a deeper line behind a word', 'a: b\n  c: d\n'],
    ['a shallower line', '  a: b\nc: d\n'],
    ['nothing at all', ''],
  ])('leaves %s to the library', (_, text) => {
    expect(parsePlainYaml(text)).toBeUndefined();
  });

  it('gives what the library gives, or nothing, whatever is done to a kubeconfig', () => {
    const pieces = [
      ' ',
      '\n',
      '-',
      ':',
      '"',
      "'",
      '#',
      '- ',
      ': ',
      '  ',
      '&',
      '*',
      '!',
      '|',
      '>',
      '{',
      '}',
      '[',
      ']',
      ',',
      '~',
      '1',
      'a',
      '\\',
      '\t',
      '?',
      '%',
      '@',
      '=',
      '<<: ',
      '---\n',
      'null',
      'True',
      '0x1',
      '.inf',
    ];
    let seed = 20_261_123;
    const random = (below: number): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return seed % below;
    };
    let understood = 0;
    for (let round = 0; round < 4_000; round += 1) {
      let text = KUBECONFIG;
      for (let change = random(3); change >= 0; change -= 1) {
        const at = random(text.length);
        text = text.slice(0, at) + (pieces[random(pieces.length)] ?? '') + text.slice(at + random(4));
      }
      const plain = parsePlainYaml(text);
      if (plain === undefined) continue;
      understood += 1;
      expect(plain, JSON.stringify(text)).toEqual(parse(text));
    }
    expect(understood).toBeGreaterThan(100);
  });
});
