// Lists of a report's JSON, in which every member may be missing or have another type.

type Json = any;  // eslint-disable-line

// Entries of a list in which the named members have the type of the defaults, and `texts` are texts or missing.
export function entries<T extends object>(value: Json, defaults: Partial<T>, texts: (keyof T & string)[] = []): T[] {
  if (!Array.isArray(value)) return [];
  return value
    .filter((one) => typeof one === 'object' && one !== null)
    .map((one) => {
      const out = {...one};
      for (const [key, missing] of Object.entries(defaults))
        if (typeof out[key] !== typeof missing) out[key] = missing;
      for (const key of texts) if (typeof out[key] !== 'string') delete out[key];
      return out as T;
    });
}

export const number = (value: Json) => (typeof value === 'number' ? value : 0);
export const text = (value: Json) => (typeof value === 'string' ? value : '');
