import { describe, expect, it } from 'vitest';
import {
  annotationChanges,
  featureChanges,
  featuresFor,
  fixedOptions,
  leaveFixed,
} from '../../../src/capabilities/membership/features.ts';
import { readControlPlaneOptions } from '../../../src/capabilities/membership/options.ts';
import { configured } from './facts.ts';

const wanted = readControlPlaneOptions(configured('control-plane')).value.features;

describe('featuresFor', () => {
  it.each([
    [
      '1.35 knows no kube-proxy-enabled and would refuse it',
      35,
      { enabled: true, 'kube-proxy-enabled': true },
      { enabled: true },
    ],
    ['1.36 runs it where the network is off', 36, { enabled: false }, { enabled: false, 'kube-proxy-enabled': true }],
    ['1.36 does not beside the network', 36, { enabled: true }, { enabled: true, 'kube-proxy-enabled': false }],
    [
      '1.36 as chosen',
      36,
      { enabled: false, 'kube-proxy-enabled': false },
      { enabled: false, 'kube-proxy-enabled': false },
    ],
  ])('%s', (_, minor, network, expected) => {
    expect(featuresFor(minor, { network }).network).toEqual(expected);
  });
});

describe('featureChanges', () => {
  const present = featuresFor(36, wanted);

  it('finds none where nothing differs', () => {
    expect(featureChanges(featuresFor(36, wanted), present)).toBeUndefined();
  });

  it('takes what k8sd leaves out as empty, and does not mind what it has besides', () => {
    const answered = {
      ...present,
      ingress: { enabled: false },
      'local-storage': { ...present['local-storage'], default: true },
      'cloud-provider': 'external',
    };
    expect(featureChanges(featuresFor(36, wanted), answered)).toBeUndefined();
  });

  it.each([
    ['a flag', { gateway: { enabled: true } }, ['gateway']],
    ['a list', { dns: { ...present.dns, 'upstream-nameservers': ['192.0.2.1'] } }, ['dns']],
    ['a number', { 'load-balancer': { ...present['load-balancer'], 'bgp-local-asn': 1 } }, ['load-balancer']],
  ])('sends the whole section in which %s differs', (_, change, sections) => {
    const changes = featureChanges({ ...present, ...change }, present);
    expect(changes).toEqual(change);
    expect(Object.keys(changes ?? {})).toEqual(sections);
  });

  it('switches off the kube-proxy that a cluster from before 1.36 has, where it is not wanted', () => {
    const { 'kube-proxy-enabled': _, ...network } = present.network ?? {};
    expect(featureChanges(present, { ...present, network })).toEqual({ network: present.network });
    const chosen = { ...present, network: { enabled: false, 'kube-proxy-enabled': true } };
    expect(featureChanges(chosen, { ...present, network: { enabled: false } })).toBeUndefined();
  });

  it('sends kube-proxy with the network: a cluster from before 1.36 has one that k8sd would keep', () => {
    const off = { ...present, network: { enabled: false, 'kube-proxy-enabled': true } };
    expect(featureChanges(present, off)).toEqual({ network: { enabled: true, 'kube-proxy-enabled': false } });
  });
});

describe('annotationChanges', () => {
  it.each([
    ['new and changed ones are set', { a: '1', b: '2' }, { b: '1' }, [], { a: '1', b: '2' }],
    ['ours that are no longer wanted are deleted', {}, { a: '1' }, ['a'], { a: '-' }],
    ['ours that are gone already are not deleted again', {}, {}, ['a'], {}],
    ['those of others stay', {}, { a: '1' }, [], {}],
    ['nothing differs', { a: '1' }, { a: '1', other: 'x' }, ['a'], {}],
  ])('%s', (_, asked, present, ours, expected) => {
    expect(annotationChanges(asked, present, ours)).toEqual(expected);
  });
});

describe('fixedOptions and leaveFixed', () => {
  const present = {
    dns: { enabled: true, 'service-ip': '10.152.183.10' },
    'local-storage': { enabled: true, 'local-path': '/a', 'reclaim-policy': 'Delete' },
  };

  it('keep what k8sd would not change, so that the rest of the section still can', () => {
    const wanted = {
      dns: { enabled: true, 'service-ip': '10.152.183.11', 'cluster-domain': 'new.example' },
      'local-storage': { enabled: true, 'local-path': '/b', 'reclaim-policy': 'Retain' },
    };
    const fixed = fixedOptions(wanted, present);
    expect(fixed.map(({ option }) => option)).toEqual([
      'dns-service-ip',
      'local-storage-local-path',
      'local-storage-reclaim-policy',
    ]);
    expect(leaveFixed(wanted, fixed)).toEqual({
      dns: { enabled: true, 'service-ip': '10.152.183.10', 'cluster-domain': 'new.example' },
      'local-storage': present['local-storage'],
    });
  });

  it.each([
    ['the feature is being turned off', { dns: { enabled: false, 'service-ip': '192.0.2.1' } }],
    ['the cluster chooses the address', { dns: { enabled: true } }],
    ['it is as it is', { dns: { enabled: true, 'service-ip': '10.152.183.10' } }],
  ])('say nothing when %s', (_, wanted) => {
    expect(fixedOptions(wanted, present)).toEqual([]);
    expect(leaveFixed(wanted, [])).toEqual(wanted);
  });

  it('say nothing while the feature is off', () => {
    const off = { dns: { enabled: false, 'service-ip': '10.152.183.10' } };
    expect(fixedOptions({ dns: { enabled: true, 'service-ip': '10.152.183.11' } }, off)).toEqual([]);
  });
});
