/** Flat records as a YAML list. Scalars are written as JSON, which is YAML; no parser is needed on a unit for that. */

export function formatYaml(records: readonly object[]): string {
  return records
    .map((record) =>
      Object.entries(record)
        .map(([key, value], index) => `${index === 0 ? '- ' : '  '}${key}: ${JSON.stringify(value)}`)
        .join('\n'),
    )
    .join('\n');
}
