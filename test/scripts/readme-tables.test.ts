/** Guards the tables of the README: what Juju reads is what they say, whatever characters a description has. */
import { describe, expect, it } from 'vitest';
import { actionsTable, optionsTable, withTables } from '../../scripts/readme/tables.ts';

describe('the tables of the README', () => {
  it('show an option with its type, default and description on one line', () => {
    const options = {
      labels: { type: 'string', default: '', description: 'One\ntwo | three <four>.\n' },
      many: { type: 'int', default: 0, description: 'How many.' },
      plain: {},
    };
    expect(optionsTable(options).split('\n').slice(2)).toEqual([
      '| `labels` | string |  | One two \\| three &lt;four>. |',
      '| `many` | int | `0` | How many. |',
      '| `plain` | string |  |  |',
      '',
    ]);
  });

  it('show an action with its parameters, which are required and what they may be', () => {
    const actions = {
      go: {
        description: 'Goes.',
        params: {
          where: { type: 'string', description: 'Place.' },
          how: { type: 'string', enum: ['fast', 'slow'], default: 'slow', description: 'Speed.' },
        },
        required: ['where'],
      },
    };
    expect(actionsTable(actions).split('\n')[2]).toBe(
      '| `go` | `where` (required): Place.<br>`how` (fast, slow; default `slow`): Speed. | Goes. |',
    );
  });

  it('replace what stood between the marks and nothing else', () => {
    const text = 'a\n<!-- t -->\nold\n<!-- end of t -->\nb\n';
    const once = withTables(text, { t: 'new\n' });
    expect(once).toBe('a\n<!-- t -->\n\nnew\n\n<!-- end of t -->\nb\n');
    expect(withTables(once, { t: 'new\n' })).toBe(once);
  });

  it('want a place', () => {
    expect(() => withTables('a', { t: 'x' })).toThrow('<!-- t -->');
  });
});
