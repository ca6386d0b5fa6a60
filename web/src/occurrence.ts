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
  measured: boolean;  // false: the log's samples give durations, and the calls are spread evenly over the span
  leftOut: number;
}

const mostBars = 200;

export function occurrence(repeat: Repeat): Occurrence {
  const events = (repeat.events ?? []).filter((one) => Array.isArray(one) && one.every(Number.isFinite));
  if (events.length) {
    const bars = events.slice(0, mostBars).map(([start, length, which]) => ({start, length, parent: which < 0}));
    const span = Math.max(...bars.map((one) => one.start + one.length), 0.001);
    return {bars, span, measured: true, leftOut: Math.max(0, repeat.most_in_one_scope - bars.filter((one) => !one.parent).length)};
  }
  const calls = Math.min(Math.max(0, repeat.most_in_one_scope), mostBars);
  const durations = (repeat.samples ?? []).map((one) => one.duration_ms).filter((one): one is number => Number.isFinite(one));
  const mean = durations.length ? durations.reduce((a, b) => a + b, 0) / durations.length : 0;
  const parent = repeat.parent ? (repeat.parent_sample?.duration_ms ?? mean) : 0;
  const children = Math.max(repeat.longest_span_ms, mean * calls, 0.001);
  const bars: Bar[] = repeat.parent ? [{start: 0, length: parent, parent: true}] : [];
  for (let i = 0; i < calls; ++i)
    bars.push({start: parent + (calls > 1 ? ((children - mean) * i) / (calls - 1) : 0), length: mean, parent: false});
  return {bars, span: parent + children, measured: false, leftOut: Math.max(0, repeat.most_in_one_scope - calls)};
}
