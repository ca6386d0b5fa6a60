// The tables around one table, placed for a diagram: those that it references and those that reference it.
import dagre from '@dagrejs/dagre';
import {count} from './format';
import {tableName, type Table} from './report';

export interface PlacedTable {
  name: string;
  x: number;  // center
  y: number;
  width: number;
  height: number;
  rows?: number;
}
export interface PlacedKey {
  points: string;
  label: string;
  x: number;
  y: number;
  indexed: boolean | undefined;
}
export interface Diagram {
  width: number;
  height: number;
  tables: PlacedTable[];
  keys: PlacedKey[];
  leftOut: number;
}

const mostTables = 24;

export function neighbourhood(tables: Table[], center: string): Diagram {
  const byName = new Map(tables.map((one) => [tableName(one.schema, one.name), one]));
  const chosen = new Set<string>([center]);
  const others = new Set<string>();
  const consider = (name: string) => {
    if (chosen.has(name)) return;
    if (chosen.size < mostTables) chosen.add(name);
    else others.add(name);
  };
  for (const key of byName.get(center)?.foreign_keys ?? []) consider(tableName(key.schema, key.table));
  for (const [name, one] of byName)
    if (one.foreign_keys.some((key) => tableName(key.schema, key.table) === center)) consider(name);

  const graph = new dagre.graphlib.Graph({multigraph: true});
  graph.setGraph({rankdir: 'LR', nodesep: 18, ranksep: 90, marginx: 8, marginy: 8});
  graph.setDefaultEdgeLabel(() => ({}));
  const characters = (name: string) => Math.max(name.length, `${count(byName.get(name)?.rows ?? 0)} rows`.length);
  for (const name of chosen)
    graph.setNode(name, {width: Math.min(260, 24 + 8 * characters(name)), height: 44});
  for (const name of chosen)
    for (const [i, key] of (byName.get(name)?.foreign_keys ?? []).entries()) {
      const to = tableName(key.schema, key.table);
      if (!chosen.has(to) || (name !== center && to !== center)) continue;
      const label = key.columns.join(', ');
      graph.setEdge(name, to, {label, indexed: key.indexed, width: Math.min(160, 7 * label.length), height: 16}, `${name}:${i}`);
    }
  dagre.layout(graph);
  const size = graph.graph();
  return {
    width: Math.ceil(size.width ?? 0),
    height: Math.ceil(size.height ?? 0),
    tables: graph.nodes().map((name: string) => {
      const {x, y, width, height} = graph.node(name);
      return {name, x, y, width, height, rows: byName.get(name)?.rows};
    }),
    keys: graph.edges().map((edge: dagre.Edge) => {
      const {points, label, indexed, x, y} = graph.edge(edge) as dagre.GraphEdge & {label: string; indexed?: boolean};
      return {
        points: points.map((point: {x: number; y: number}) => `${point.x.toFixed(1)},${point.y.toFixed(1)}`).join(' '),
        label,
        x,
        y,
        indexed,
      };
    }),
    leftOut: others.size,
  };
}
