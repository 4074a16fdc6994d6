/** Paths in checks: `*` stands for a name or part of one, `**` for all that lies below. */

export function isPattern(path: string): boolean {
  return path.includes('*');
}

/** The folder below which everything that fits lies. */
export function folderOf(pattern: string): string {
  const fixed = pattern.slice(0, pattern.indexOf('*'));
  return fixed.slice(0, fixed.lastIndexOf('/')) || '/';
}

/** Of these paths, those that fit. `/a/**` is `/a` and all below, `/a/**` + `/*.crt` all such files below, also directly in it. */
export function fitting(pattern: string, paths: readonly string[]): readonly string[] {
  if (!isPattern(pattern)) return paths.filter((path) => path === pattern);
  const expression = pattern.replaceAll(/\/\*\*\/|\/\*\*$|\*|[\\^$.|?+()[\]{}]/g, (part) => {
    if (part === '/**/') return '/(?:.*/)?';
    if (part === '/**') return '(?:/.*)?';
    return part === '*' ? '[^/]*' : `\\${part}`;
  });
  const regular = new RegExp(`^${expression}$`);
  return paths.filter((path) => regular.test(path));
}
