// One occurrence of an N+1 query on a timeline.
import type {Repeat} from './report';

export interface Bar {
  start: number;  // ms
  length: number;
  parent: boolean;
}
export interface Occurrence {
  bars: Bar[];
  span: number;  // ms
  busy: number;  // ms in which at least one of the statements runs
  measured: boolean;  // false: the report has no times of the calls, which are spread evenly over the span
  leftOut: number;
}

const mostBars = 200;

// For each bar the lane in which it hides no other one, from 0, where all lanes are taken the last. `least`: the
// width in ms that a bar has at least when drawn. Bars may be in any order.
export function lanes(bars: Bar[], least: number): number[] {
  const mostLanes = 4;
  const ends: number[] = [];
  const out: number[] = [];
  const order = bars.map((_, i) => i).sort((a, b) => bars[a].start - bars[b].start || a - b);
  for (const i of order) {
    const free = ends.findIndex((end) => end <= bars[i].start);
    const lane = free >= 0 ? free : Math.min(ends.length, mostLanes - 1);
    ends[lane] = Math.max(ends[lane] ?? 0, bars[i].start + Math.max(least, bars[i].length));
    out[i] = lane;
  }
  return out;
}

// Overlaps count once.
function busyTime(bars: Bar[]): number {
  let sum = 0;
  let until = -Infinity;
  for (const bar of [...bars].sort((a, b) => a.start - b.start)) {
    const end = bar.start + bar.length;
    sum += Math.max(0, end - Math.max(until, bar.start));
    until = Math.max(until, end);
  }
  return sum;
}

export function occurrence(repeat: Repeat): Occurrence {
  const events = (Array.isArray(repeat.call_times) ? repeat.call_times : []).filter((one) => Array.isArray(one) && one.every(Number.isFinite));
  const all = repeat.most_in_one_scope * Math.max(1, repeat.pattern.length);
  if (events.length) {
    const bars = events.slice(0, mostBars + 1).map(([start, length, which]) => ({start, length, parent: which < 0}));
    const span = Math.max(...bars.map((one) => one.start + one.length), 0.001);
    return {bars, span, busy: busyTime(bars), measured: true, leftOut: Math.max(0, all - bars.filter((one) => !one.parent).length)};
  }
  const calls = Math.min(Math.max(0, all), mostBars);
  const durations = (repeat.samples ?? []).map((one) => one.duration_ms).filter((one): one is number => Number.isFinite(one));
  const mean = durations.length ? durations.reduce((a, b) => a + b, 0) / durations.length : 0;
  const parent = repeat.parent ? (repeat.parent_sample?.duration_ms ?? mean) : 0;
  const children = Math.max(repeat.longest_span_ms, mean * calls, 0.001);
  const bars: Bar[] = repeat.parent ? [{start: 0, length: parent, parent: true}] : [];
  for (let i = 0; i < calls; ++i)
    bars.push({start: parent + (calls > 1 ? ((children - mean) * i) / (calls - 1) : 0), length: mean, parent: false});
  return {bars, span: parent + children, busy: busyTime(bars), measured: false, leftOut: Math.max(0, all - calls)};
}
