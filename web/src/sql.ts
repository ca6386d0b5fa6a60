// SQL as tokens for display: formatted, then split, and never HTML.
import Prism from 'prismjs/components/prism-core.js';
import 'prismjs/components/prism-sql.js';
import {formatDialect, postgresql} from 'sql-formatter';

export interface Token {
  type: string;  // "keyword", "string", "number", "comment", "operator", "function" or ""
  text: string;
}

const longest = 20_000;  // characters; longer text is shown as it is

// Truncated statements can't be formatted: the text is returned as it is.
export function formatSql(sql: string): string {
  if (sql.length > longest) return sql;
  try {
    return formatDialect(sql, {dialect: postgresql, tabWidth: 2, expressionWidth: 80});
  } catch {
    return sql;
  }
}

export function sqlTokens(sql: string): Token[] {
  if (sql.length > longest) return [{type: '', text: sql}];
  const out: Token[] = [];
  const add = (tokens: (string | Prism.Token)[], type: string) => {
    for (const token of tokens) {
      if (typeof token === 'string') out.push({type, text: token});
      else if (typeof token.content === 'string') out.push({type: token.type, text: token.content});
      else add([token.content].flat() as (string | Prism.Token)[], token.type);
    }
  };
  add(Prism.tokenize(sql, Prism.languages.sql), '');
  return out;
}
