// Where the time of a call went, as a bar of its parts.

import { h, s } from './dom.js';
import { milliseconds } from './format.js';

/** The parts of a slow query that has costs: name and milliseconds, in the order in which they come. */
export function phasesOf({ durationMs, costs }) {
  if (!costs)
    return [['whole call', durationMs]];
  const known = [['waiting', costs.queueMs], ['encoding', costs.encodeMs], ['filter', costs.filterMs],
    ['search', Math.max(0, costs.searchMs - costs.filterMs)]];
  return [...known, ['rest', Math.max(0, durationMs - known.reduce((sum, one) => sum + one[1], 0))]];
}

const told = phases => phases.filter(one => one[1] > 0).map(([name, ms]) => `${name} ${milliseconds(ms)}`).join(', ');

/** A bar as wide as its place. Of a call without costs it is one part. */
export function phaseBar(query) {
  const phases = phasesOf(query);
  const all = phases.reduce((sum, one) => sum + one[1], 0) || 1;
  let from = 0;
  const parts = phases.map(([, ms], number) => {
    const width = ms / all * 100;
    const part = s('rect', { class: query.costs ? `phase p${number}` : 'phase p4', x: from, y: 0, width, height: 10 });
    from += width;
    return part;
  });
  return s('svg', { class: 'phases', viewBox: '0 0 100 10', preserveAspectRatio: 'none', role: 'img', 'aria-label': told(phases) }, parts);
}

/** What the colours mean; with figures where there is a query. */
export function phaseLegend(query) {
  const names = query ? phasesOf(query) : ['waiting', 'encoding', 'filter', 'search', 'rest'].map(name => [name]);
  return h('ul', { class: 'legend' }, names.map(([name, ms], number) => h('li', {},
    s('svg', { viewBox: '0 0 22 10', 'aria-hidden': 'true' },
      s('rect', { class: query && !query.costs ? 'phase p4' : `phase p${number}`, width: 22, height: 10 })),
    `${name} `, ms !== undefined && h('strong', {}, milliseconds(ms)))));
}
