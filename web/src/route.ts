// The page's fragment: "#findings?rule=x", "#workload/<fingerprint>", "#0123456789abcdef" and "#rule:0123"
// (a finding, by its id or short id).
import {reactive} from 'vue';

export interface Route {
  page: string;
  item: string;
  parameters: URLSearchParams;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export function parseRoute(fragment: string): Route {
  const [path, query = ''] = fragment.replace(/^#\/?/, '').split('?', 2);
  if (/^([0-9a-f]{16}|[a-z0-9-]+:[0-9a-f]{4,16})$/.test(path)) return {page: 'findings', item: path, parameters: new URLSearchParams(query)};
  const slash = path.indexOf('/');
  return {
    page: slash < 0 ? path : path.slice(0, slash),
    item: slash < 0 ? '' : decoded(path.slice(slash + 1)),
    parameters: new URLSearchParams(query),
  };
}

export function link(page: string, item = '', query = ''): string {
  const path = page === 'findings' && /^[0-9a-f]{16}$/.test(item) ? item : item ? `${page}/${encodeURIComponent(item)}` : page;
  return `#${path}${query ? `?${query}` : ''}`;
}

export const route = reactive<Route>(parseRoute(''));

export function followFragment(): void {
  const read = () => Object.assign(route, parseRoute(window.location.hash));
  window.addEventListener('hashchange', read);
  read();
}

// Changes the fragment without an entry in the history: for filters and for arrow keys.
export function replaceFragment(fragment: string): void {
  window.history.replaceState(window.history.state, '', fragment);
  Object.assign(route, parseRoute(fragment));
}
