// The last ten minutes as charts.

import { look } from './calls.js';
import { lineChart } from './chart.js';
import { add, h, head, notice, panel, put } from './dom.js';
import { bytes, clock, figure, milliseconds, perSecond, plain, recall } from './format.js';
import { every } from './poll.js';

const PAUSE_MS = 2000;
const MOST = 300;
const SPAN_MS = MOST * 2000;
const LEAST_SPAN_MS = 60_000;

const rate = value => value === null || value === undefined ? '–' : `${figure(value)}/s`;

export async function show(main, { signal }) {
  const points = [];
  const failure = h('div', {});
  let paused = false;
  const pause = h('button', {
    type: 'button', 'aria-pressed': 'false', onclick: () => {
      paused = !paused;
      pause.setAttribute('aria-pressed', String(paused));
      pause.textContent = paused ? 'Go on' : 'Pause';
    },
  }, 'Pause');
  const make = (title, showY, more) => lineChart({ title, xTitle: 'Time', series: [], showX: clock, showY, ...more });
  const rates = make('Calls a second', rate, { area: true, showTick: plain });
  const times = make('Time of reads in the server', milliseconds, { showTick: value => `${plain(value)} ms`, logY: true });
  const memory = make('Memory', bytes, { least: 1 << 20, isSize: true });
  const quality = make('Live recall', recall, { low: 0.9, high: 1, showTick: value => value.toFixed(2) });
  const pressure = make('Messages under way', bytes, { least: 1 << 16, isSize: true });
  const steps = make('Brown-out step', value => value === undefined ? '–' : String(value), { high: 4, showTick: String });
  add(main, [
    head('Live', 'The last ten minutes, a point every two seconds.', pause),
    failure,
    h('div', { class: 'columns' },
      chart('Calls a second', 'Reads are calls of Retrieval, writes calls of Ingest.', rates),
      chart('Latency of reads', 'Time in the server, to the end of the reply.', times),
      chart('Live recall', 'Of real queries, against exact search, by index.', quality),
      chart('Memory', 'Of the process, and what indexes and .NET hold of it.', memory),
      chart('Messages under way', 'Memory that requests and replies hold now.', pressure),
      chart('Brown-out', 'Step by which searches do less under load; 0 is none.', steps))]);

  const line = (name, value) => ({ name, points: points.map(point => [point.unixMs, value(point) ?? null]) });
  const draw = report => {
    const last = points.at(-1)?.unixMs ?? Date.now();
    const first = points[0]?.unixMs ?? last;
    const span = [Math.max(last - SPAN_MS, Math.min(first, last - LEAST_SPAN_MS)), last];
    const names = [...new Set(points.flatMap(point => Object.keys(point.recall)))].slice(0, 4);
    const lowest = Math.min(0.9, ...points.flatMap(point => Object.values(point.recall)));
    rates.update({ span, series: ['reads', 'writes'].map(name => line(name, point => perSecond(point, name))) });
    times.update({ span, series: [line('p50', point => point.readP50Ms), line('p99', point => point.readP99Ms)] });
    quality.update({ span, low: Math.floor(lowest * 10) / 10, series: names.map(name => line(name, point => point.recall[name])) });
    memory.update({
      span, series: [line('process', point => point.processBytes), line('.NET', point => point.heapBytes),
        line('indexes', point => point.indexBytes)],
    });
    pressure.update({ span, series: [line('requests', point => point.requestBytes), line('replies', point => point.replyBytes)] });
    steps.update({ span, series: [line('step', point => point.brownOutStep)] });
    return report;
  };

  await every(PAUSE_MS, signal, async () => {
    if (paused)
      return;
    const report = await look('figures', { after: points.at(-1)?.unixMs ?? 0 }, { signal });
    put(failure);
    points.push(...report.points);
    points.splice(0, Math.max(0, points.length - MOST));
    draw(report);
  }, error => put(failure, notice('bad', error.message)));
}

function chart(title, note, figure) {
  return panel(title, { note }, h('div', { class: 'body' }, figure));
}
