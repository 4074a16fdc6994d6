/** Rules over images: where they come from, and which versions of them run. CIS 5.5.1, DISA V-242442. */
import type { Verdict } from '../../api-rule.ts';
import { count, type Found, judge, sift } from '../evidence.ts';
import type { PodFacts } from '../facts.ts';
import { ofUsers } from '../pod-evidence.ts';
import { isOfUsers } from '../pod-security.ts';
import { rule } from '../rule.ts';

/** CIS 5.5.1. */
export const imageProvenance = rule(['admission'], ({ admission, own }): Verdict => {
  const evidence = [
    ...(own.admissionPlugins.includes('ImagePolicyWebhook')
      ? [{ what: '--enable-admission-plugins of kube-apiserver', found: 'ImagePolicyWebhook' }]
      : []),
    ...admission.imageVerifiers.map((what) => ({ what, found: 'verifies images' })),
  ];
  return evidence.length > 0
    ? { state: 'pass', reason: 'something verifies where images come from', evidence, more: 0 }
    : { state: 'manual', reason: 'nothing is known here that verifies where images come from', evidence, more: 0 };
});

/**
 * DISA V-242442. Two versions of one component in the namespaces of the system are a leftover, or an upgrade under way. Of users' images a
 * person has to judge: two teams may well run two versions.
 */
export const oneVersionPerImage = rule(['pods'], ({ pods }, parameters) => {
  const system = severalVersions(pods.filter(({ namespace, finished }) => !isOfUsers(namespace) && !finished));
  const users = severalVersions(ofUsers(pods)).filter(({ what }) => !system.some((other) => other.what === what));
  return judge([...system, ...users], parameters, {
    none: 'no image runs in more than one version',
    some: (left) => `${count(left, 'image')} in more than one version: leftovers, unless an upgrade is under way`,
    otherwise: sift(system, parameters).total > 0 ? 'fail' : 'manual',
  });
});

/** Repositories of images that run with more than one tag or digest. */
function severalVersions(pods: Iterable<PodFacts>): readonly Found[] {
  const versions = new Map<string, Set<string>>();
  const seen = new Set<readonly string[]>();
  for (const { template } of pods) {
    // Pods of one template have the very same list.
    if (seen.has(template.images)) continue;
    seen.add(template.images);
    for (const [repository, version] of template.images.map(imageParts))
      versions.set(repository, (versions.get(repository) ?? new Set()).add(version));
  }
  return [...versions]
    .filter(([, found]) => found.size > 1)
    .map(([repository, found]) => ({ what: `image ${repository}`, found: [...found].sort().join(', ') }))
    .sort((a, b) => (a.what < b.what ? -1 : 1));
}

/** `registry:5000/name:tag@sha256:…`: a colon before the last slash is the registry's port. */
function imageParts(image: string): readonly [string, string] {
  const parts = /^(.*?)(?::([^:/@]+))?(?:@(.+))?$/.exec(image);
  return [parts?.[1] ?? image, parts?.[2] ?? parts?.[3] ?? 'latest'];
}
