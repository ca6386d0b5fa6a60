// Sorts rows by a column; rows without a value are last.
export function sorted<T>(rows: T[], value: (row: T) => number | string | null | undefined, descending: boolean): T[] {
  const factor = descending ? -1 : 1;
  return rows
    .map((row, i) => ({row, i, key: value(row)}))
    .sort((a, b) => {
      const none = Number(a.key === null || a.key === undefined) - Number(b.key === null || b.key === undefined);
      if (none || a.key === null || a.key === undefined) return none || a.i - b.i;
      return (a.key < b.key! ? -1 : a.key > b.key! ? 1 : 0) * factor || a.i - b.i;
    })
    .map((one) => one.row);
}
