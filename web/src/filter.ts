// Which findings a filter lets through. A filter is the query part of the page's fragment.
import {place, queryOfFinding, subjectText, tableName, type Finding} from './report';

export interface Filter {
  text: string;
  rule: string;
  severity: string;
  verdict: string;
  table: string;
}
export const noFilter: Filter = {text: '', rule: '', severity: '', verdict: '', table: ''};

export function filterOf(parameters: URLSearchParams): Filter {
  const out = {...noFilter};
  for (const key of Object.keys(out) as (keyof Filter)[]) out[key] = parameters.get(key) ?? '';
  return out;
}

export function filterText(filter: Filter): string {
  const parameters = new URLSearchParams();
  for (const [key, value] of Object.entries(filter)) if (value) parameters.set(key, value);
  return parameters.toString();
}

// All text of a finding in lower case, also what its list entry does not show.
export function searchText(finding: Finding): string {
  return [
    finding.id, finding.short_id, finding.rule, finding.message, subjectText(finding), place(finding.location),
    queryOfFinding(finding), finding.subject.constraint, finding.subject.index, finding.impact?.effect,
    finding.fix?.title, finding.fix?.sql, finding.fix?.drizzle, finding.verdict_reason,
    ...finding.evidence.map((one) => one.text),
  ].filter(Boolean).join('\n').toLowerCase();
}

export function filtered(findings: Finding[], texts: string[], filter: Filter): Finding[] {
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  return findings.filter(
    (one, i) =>
      (!filter.rule || one.rule === filter.rule) &&
      (!filter.severity || one.severity === filter.severity) &&
      (!filter.verdict || one.verdict === filter.verdict) &&
      (!filter.table || tableName(one.subject.schema, one.subject.table) === filter.table) &&
      words.every((word) => texts[i].includes(word)),
  );
}

// [value, number of findings], the most frequent first.
export function choices<T>(findings: T[], value: (one: T) => string): [string, number][] {
  const counts = new Map<string, number>();
  for (const one of findings) {
    const key = value(one);
    if (key) counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
}
