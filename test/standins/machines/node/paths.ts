/** Where things are on a machine, as the snap has them. All hang from the machine's root folder. */

export const paths = {
  snapdSocket: '/run/snapd.socket',
  common: '/var/snap/k8s/common',
  args: '/var/snap/k8s/common/args',
  configFiles: '/var/snap/k8s/common/args/conf.d',
  lock: '/var/snap/k8s/common/lock',
  workerLock: '/var/snap/k8s/common/lock/worker',
  nodeToken: '/var/snap/k8s/common/node-token',
  state: '/var/snap/k8s/common/var/lib/k8sd/state',
  controlSocket: '/var/snap/k8s/common/var/lib/k8sd/state/control.socket',
  etcdData: '/var/snap/k8s/common/var/lib/etcd/data',
  dqlite: '/var/snap/k8s/common/var/lib/k8s-dqlite',
  configurations: '/var/snap/k8s/common/etc/configurations',
  kubernetes: '/etc/kubernetes',
  pki: '/etc/kubernetes/pki',
  etcdPki: '/etc/kubernetes/pki/etcd',
  containerdConfig: '/etc/containerd/config.toml',
  containerdRun: '/run/containerd',
  cni: '/etc/cni/net.d',
  sysctl: '/etc/sysctl.d',
} as const;

/** Bytes of a Unix socket's path that Linux takes, without the terminating zero. */
export const SOCKET_PATH_LIMIT = 107;
