import { describe, expect, it } from 'vitest';
import { parseAnnotations, parseLabels, parseTaints } from '../../../src/capabilities/membership/key-values.ts';

describe('parseLabels', () => {
  it.each([
    ['', {}],
    ['zone=a disk=ssd', { zone: 'a', disk: 'ssd' }],
    ['node.kubernetes.io/zone=a_b.c-1\nempty=', { 'node.kubernetes.io/zone': 'a_b.c-1', empty: '' }],
    ['old=- zone=a', { old: '-', zone: 'a' }],
    ['constructor=x toString=y', { constructor: 'x', toString: 'y' }],
  ])('reads %j', (text, value) => {
    expect(parseLabels('node-labels', text)).toEqual({ value, problems: [] });
  });

  it.each([
    ['zone', 'has "zone" without a value; write key=value'],
    ['a=1 a=2', 'has a twice; give each key once'],
    ['-a=1', 'has "-a", which is not a label name'],
    ['a/b/c=1', 'has "a/b/c", which is not a label name'],
    [`${'x'.repeat(64)}=1`, `has "${'x'.repeat(64)}", which is not a label name`],
    ['a=b=c', 'gives a a value that a label cannot have; use up to 63 letters, digits, - _ .'],
    [`a=${'x'.repeat(64)}`, 'gives a a value that a label cannot have; use up to 63 letters, digits, - _ .'],
  ])('refuses %j', (text, message) => {
    expect(parseLabels('node-labels', text).problems).toEqual([{ option: 'node-labels', message }]);
  });
});

describe('parseAnnotations', () => {
  it('takes names with several slashes and any value', () => {
    expect(parseAnnotations('cluster-annotations', 'k8sd/v1alpha1/cilium/devices=eth0,eth1 a=b=c b=-')).toEqual({
      value: { 'k8sd/v1alpha1/cilium/devices': 'eth0,eth1', a: 'b=c', b: '-' },
      problems: [],
    });
  });

  it.each([
    ['/a=1', 'has "/a", which is not an annotation name'],
    ['a', 'has "a" without a value; write key=value'],
  ])('refuses %j', (text, message) => {
    expect(parseAnnotations('cluster-annotations', text).problems).toEqual([
      { option: 'cluster-annotations', message },
    ]);
  });
});

describe('parseTaints', () => {
  it('keeps their order and leaves repetitions out', () => {
    expect(parseTaints('bootstrap-node-taints', 'b=1:NoSchedule a:NoExecute b=1:NoSchedule').value).toEqual([
      'b=1:NoSchedule',
      'a:NoExecute',
    ]);
  });

  it.each(['a', 'a:Never', 'a=b', ':NoSchedule', 'a=b=c:NoSchedule', 'a=b:NoSchedule:x'])('refuses %j', (text) => {
    expect(parseTaints('bootstrap-node-taints', text).problems).toEqual([
      {
        option: 'bootstrap-node-taints',
        message: `has "${text}", which is not a taint such as key=value:NoSchedule (effects: NoSchedule, PreferNoSchedule, NoExecute)`,
      },
    ]);
  });
});
