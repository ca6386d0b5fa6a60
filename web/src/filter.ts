// Which entries of a list a filter lets through. A filter is the query part of the page's fragment.
import {place, queryOfFinding, subjectText, type Finding} from './report';

// The value of each name; a name without a value lets everything through. `text`: words that an entry contains.
export type Filter = Record<string, string>;

// A field of the filter whose value is chosen from those that the entries have.
export interface Choice<T> {
  name: string;
  label: string;
  of: (one: T) => string;
  values?: string[];  // in this order; missing: those of the entries, the most frequent first
  shown?: (value: string) => string;
}

export const severities = ['error', 'warning', 'note'];

export function filterOf(parameters: URLSearchParams, names: string[]): Filter {
  return Object.fromEntries(names.map((name) => [name, parameters.get(name) ?? '']).filter(([, value]) => value));
}

export function filterText(filter: Filter): string {
  return new URLSearchParams(Object.entries(filter).filter(([, value]) => value)).toString();
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

// `texts`: of each entry, in lower case.
export function filtered<T>(all: T[], texts: string[], filter: Filter, fields: Choice<T>[]): T[] {
  const words = (filter.text ?? '').toLowerCase().split(/\s+/).filter(Boolean);
  const set = fields.filter((field) => filter[field.name]);
  return all.filter((one, i) => set.every((field) => field.of(one) === filter[field.name]) && words.every((word) => texts[i].includes(word)));
}

// [value, number of entries], the most frequent first.
export function choices<T>(all: T[], value: (one: T) => string): [string, number][] {
  const counts = new Map<string, number>();
  for (const one of all) {
    const key = value(one);
    if (key) counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
}
