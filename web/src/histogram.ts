// Latency histograms: bucket i of the report covers 2^(i/16) to 2^((i+1)/16) microseconds.
export interface Bar {
  from: number;  // ms
  to: number;
  calls: number;
}

// At most about 40 bars, each of a power-of-two number of buckets.
export function bars(histogram: [number, number][] | undefined): Bar[] {
  const buckets = (histogram ?? []).filter(
    (one) => Array.isArray(one) && Number.isInteger(one[0]) && one[0] >= 0 && one[0] <= 640 && one[1] > 0,
  );
  if (!buckets.length) return [];
  const first = Math.min(...buckets.map(([bucket]) => bucket));
  const last = Math.max(...buckets.map(([bucket]) => bucket));
  let width = 1;
  while ((last - first + 1) / width > 40) width *= 2;
  const start = Math.floor(first / width) * width;
  const out: Bar[] = [];
  for (let at = start; at <= last; at += width)
    out.push({from: 2 ** (at / 16) / 1000, to: 2 ** ((at + width) / 16) / 1000, calls: 0});
  for (const [bucket, calls] of buckets) out[Math.floor((bucket - start) / width)].calls += calls;
  return out;
}
