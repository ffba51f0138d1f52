import { describe, expect, it } from 'vitest';
import { rightLayer, rightManifest } from '../../../../test/support/right-manifest.ts';
import { graphSvg } from './graph-svg.ts';
import { layeredLayout } from './layered-layout.ts';
import { manifestGraph } from './manifest-graph.ts';
import { mermaidText } from './mermaid-text.ts';

const routed = (routes: Readonly<Record<string, string>>) =>
  manifestGraph({ modulesContent: { $edgeHub: { 'properties.desired': { routes } } } });
const between = (from: string, to: string) =>
  `FROM /messages/modules/${from}/outputs/* INTO BrokeredEndpoint("/modules/${to}/inputs/in")`;

describe('manifestGraph', () => {
  it('has a node for each module and for IoT Hub, and an edge for each route', () => {
    const { nodes, edges, omitted } = manifestGraph(rightManifest());
    expect(nodes.map(({ kind, title }) => `${kind} ${title}`)).toEqual([
      'module tempSensor',
      'module filter',
      'upstream $upstream',
    ]);
    expect(edges.map(({ route, label }) => `${route}: ${label}`)).toEqual([
      'sensorToFilter: temperatureOutput → input1',
      'filterToIoTHub: *',
      "alertsFirst: * · WHERE MessageType = 'Alert' · priority 0",
    ]);
    expect(omitted).toEqual([]);
  });

  it('marks modules that belong to another deployment, and leaves out what does not compile', () => {
    const { nodes } = manifestGraph(rightLayer());
    expect(nodes.map(({ kind, title }) => `${kind} ${title}`)).toEqual(['module scorer', 'foreign tempSensor']);
    expect(routed({ bad: 'FROM nowhere' }).omitted).toEqual(['bad']);
  });
});

describe('layeredLayout', () => {
  it('puts modules behind those that send to them, and IoT Hub last', () => {
    const graph = routed({
      a: between('a', 'b'),
      b: between('b', 'c'),
      c: between('a', 'c'),
      up: 'FROM /messages/modules/a/outputs/* INTO $upstream',
    });
    expect(layeredLayout(graph)).toEqual([
      ['module a'],
      ['module b'],
      expect.arrayContaining(['module c', 'upstream $upstream']),
    ]);
  });

  it('ends where modules send in a circle', () => {
    const layout = layeredLayout(routed({ a: between('a', 'b'), b: between('b', 'a'), own: between('c', 'c') }));
    expect(layout.flat().toSorted()).toEqual(['module a', 'module b', 'module c']);
  });
});

describe('drawings', () => {
  it('are SVG in which nothing overlaps', () => {
    const svg = graphSvg(manifestGraph(rightManifest()));
    const boxes = [...svg.matchAll(/<rect x="([\d.]+)" y="([\d.]+)"/g)].map(([, x, y]) => `${x} ${y}`);
    expect(boxes).toHaveLength(3);
    expect(new Set(boxes).size).toBe(3);
    expect(svg.match(/<path d="M/g)).toHaveLength(4);
    expect(svg).toContain("WHERE MessageType = 'Alert'");
  });

  it('hold no text that would be read as markup', () => {
    const graph = routed({ r: `FROM /messages/modules/a/outputs/* WHERE y = '<"&>' INTO $upstream` });
    expect(graphSvg(graph)).toContain("y = '&lt;&quot;&amp;&gt;'");
    expect(mermaidText(graph)).toContain("WHERE y = '#60;#34;#38;#62;'");
  });

  it('are Mermaid with a shape for each kind', () => {
    expect(mermaidText(manifestGraph(rightManifest())).split('\n')).toEqual([
      'flowchart LR',
      '  n0["tempSensor<br/><small>mcr.microsoft.com/azureiotedge-simulated-temperature-sensor:1.5</small>"]',
      '  n1["filter<br/><small>registry.example:5000/plant/filter:0.0.2-amd64</small>"]',
      '  n2(["$upstream<br/><small>IoT Hub</small>"])',
      '  n0 -->|"temperatureOutput → input1"| n1',
      '  n1 -->|"*"| n2',
      '  n1 -->|"* · WHERE MessageType = \'Alert\' · priority 0"| n2',
      '',
    ]);
  });
});
