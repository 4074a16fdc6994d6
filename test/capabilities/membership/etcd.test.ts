import { describe, expect, it } from 'vitest';
import { readEtcd } from '../../../src/capabilities/membership/etcd.ts';

const complete = {
  connection_string: 'https://10.0.0.9:2379,https://[2001:db8::1]:2379',
  client_ca: 'CA',
  client_cert: 'CERT',
  client_key: 'KEY',
};

describe('readEtcd', () => {
  it('takes the first unit that tells all', () => {
    expect(readEtcd([{}, { ...complete, client_key: '' }, complete])).toEqual({
      servers: ['https://10.0.0.9:2379', 'https://[2001:db8::1]:2379'],
      ca: 'CA',
      certificate: 'CERT',
      key: 'KEY',
    });
    expect(readEtcd([{}])).toBe('not ready');
  });

  it.each(['https://10.0.0.9:2379$(id)', 'https://a"', 'a:2379', 'https://a\nb', 'https://a, https://b'])(
    'refuses servers that a start script would interpret, or that are none: %j',
    (connection_string) => {
      expect(readEtcd([{ ...complete, connection_string }])).toBe('not valid');
    },
  );
});
