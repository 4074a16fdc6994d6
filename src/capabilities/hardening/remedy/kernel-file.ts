/** The file with which kernel parameters are set at boot. */

/** The name that Canonical's hardening guide has. k8sd has a file of its own, which is not to be touched. */
export const KERNEL_FILE = '/etc/sysctl.d/99-kubelet.conf';
export const KERNEL_FILE_MODE = 0o644;

export function kernelFile(values: Readonly<Record<string, string>>): string {
  const lines = Object.entries(values).map(([key, value]) => `${key}=${value}`);
  return `# Kept by the k8s charm: what kubelet insists on with --protect-kernel-defaults.\n${lines.sort().join('\n')}\n`;
}

/** Where systemd-sysctl and sysctl --system look, besides /etc/sysctl.conf. Of one name, the first counts. */
export const KERNEL_FOLDERS = ['/etc/sysctl.d', '/run/sysctl.d', '/usr/local/lib/sysctl.d', '/usr/lib/sysctl.d'];
export const LAST_KERNEL_FILE = '/etc/sysctl.conf';

/** The first line of a file that sets one of the values to something else, as `kernel.panic=0`. */
export function contraryLine(text: string, values: Readonly<Record<string, string>>): string | undefined {
  for (const line of text.split('\n')) {
    const [, key = '', value = ''] = /^\s*-?\s*([\w./-]+)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    const wanted = values[key.replaceAll('/', '.')];
    if (wanted !== undefined && value !== wanted) return `${key}=${value}`;
  }
  return undefined;
}

/** Whether a file is read after ours: by their names, whatever folders they are in. */
export function isReadLater(name: string): boolean {
  return name.endsWith('.conf') && name > (KERNEL_FILE.split('/').at(-1) ?? '');
}
