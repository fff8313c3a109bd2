// Line charts and ranges as SVG, drawn for the width that they have; each with its numbers as a table, for those who do not see it.

import { h, put, s, table } from './dom.js';

const LEFT = 52;
const RIGHT = 10;
const TOP = 8;
const BOTTOM = 22;

/** Round steps that part a range in about so many pieces; of sizes in the unit that they are told in. */
function steps(low, high, pieces, isSize) {
  if (isSize && high > 1024) {
    const unit = 1024 ** Math.floor(Math.log2(high) / 10);
    return steps(low / unit, high / unit, pieces).map(value => value * unit);
  }
  const rough = (high - low) / pieces || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map(factor => factor * power).find(one => one >= rough * 0.999);
  const found = [];
  for (let at = Math.ceil(low / step - 1e-9) * step; at <= high + step * 1e-6; at += step)
    found.push(Number(at.toPrecision(12)));
  return found;
}

/** The y axis: from where to where, its marks, and how high a value stands, 0 to 1. */
function yScale({ low = 0, high, least = 1, isSize, logY }, values, height) {
  if (logY) {
    const above = values.filter(value => value > 0);
    const from = Math.floor(Math.log10(Math.min(...above, 1)));
    const to = Math.max(from + 1, Math.ceil(Math.log10(Math.max(...above, 1))));
    const ticks = Array.from({ length: to - from + 1 }, (_, number) => 10 ** (from + number));
    return { bottom: 10 ** from, top: 10 ** to, ticks, height: value => (Math.log10(value) - from) / (to - from) };
  }
  const top = high ?? Math.max(...values, low + least) * 1.05;
  return { bottom: low, top, ticks: steps(low, top, height > 200 ? 5 : 3, isSize), height: value => (value - low) / (top - low) };
}

/** A line where there are values; a gap where there are none. */
function lines(points, x, y) {
  let path = '';
  let open = false;
  for (const [at, value] of points) {
    if (value === null || value === undefined) {
      open = false;
      continue;
    }
    path += `${open ? 'L' : 'M'}${x(at).toFixed(1)} ${y(value).toFixed(1)}${open ? '' : 'h.01'}`; // one by itself is a dot
    open = true;
  }
  return path;
}

const sample = number => s('svg', { viewBox: '0 0 22 8', 'aria-hidden': 'true' }, s('path', { class: `line s${number}`, d: 'M1 4H21' }));

/**
 * A chart of lines.
 * @param options.title what it shows, for screen readers
 * @param options.series each with a name and points [x, y]
 * @param options.low, options.high ends of the y axis; left out: 0 and what the values need
 * @param options.showX, options.showY numbers as text
 * @param options.logY true for a logarithmic y axis
 * @param options.log true for a logarithmic x axis, with a mark at each point of the first series
 */
export function lineChart(options) {
  const figure = h('figure', { class: 'chart' });
  const drawing = h('div', {});
  const legend = h('ul', { class: 'legend' });
  const numbers = h('div', {});
  const details = h('details', { ontoggle: () => fillTable() }, h('summary', {}, 'As a table'), numbers);
  figure.append(legend, drawing, details);
  let current = options;
  let width = 0;

  function fillTable() {
    if (!details.open) {
      put(numbers);
      return;
    }
    const xs = [...new Set(current.series.flatMap(one => one.points.map(point => point[0])))].sort((a, b) => a - b).slice(-60);
    put(numbers, table(current.title,
      [{ title: current.xTitle, head: true, cell: at => current.showX(at) },
        ...current.series.map(one => ({
          title: one.name, num: true, cell: at => current.showY(one.points.find(point => point[0] === at)?.[1]),
        }))], xs, { cards: false }));
  }

  function fillLegend(at) {
    put(legend, current.series.map((one, number) => {
      const point = at === undefined ? one.points.findLast(each => each[1] !== null) : one.points.find(each => each[0] === at);
      return h('li', {}, sample(number), `${one.name} `, h('strong', {}, current.showY(point?.[1])));
    }));
  }

  function draw() {
    const { series, height = 160, log } = current;
    const points = series.flatMap(one => one.points).filter(point => point[1] !== null && point[1] !== undefined);
    if (!width)
      return;
    const values = points.map(point => point[1]);
    const { bottom, top, ticks, height: lift } = yScale(current, values, height);
    const xs = series.flatMap(one => one.points.map(point => point[0]));
    const [from, to] = current.span ?? [Math.min(...xs), Math.max(...xs)];
    const scale = log ? Math.log2 : at => at;
    const reach = scale(to) - scale(from) || 1;
    const x = at => LEFT + (scale(at) - scale(from)) / reach * (width - LEFT - RIGHT);
    const y = value => TOP + (1 - lift(Math.min(Math.max(value, bottom), top))) * (height - TOP - BOTTOM);
    const base = height - BOTTOM;
    const svg = s('svg', { viewBox: `0 0 ${width} ${height}`, height, role: 'img', 'aria-label': current.describe?.() ?? current.title });
    for (const value of ticks) {
      svg.append(s('line', { class: 'grid', x1: LEFT, x2: width - RIGHT, y1: y(value), y2: y(value) }),
        s('text', { x: LEFT - 6, y: y(value) + 4, 'text-anchor': 'end' }, current.showTick?.(value) ?? current.showY(value)));
    }
    svg.append(s('line', { class: 'axis', x1: LEFT, x2: width - RIGHT, y1: base, y2: base }));
    if (points.length > 0 || current.span) {
      const marks = log ? [...new Set(xs)].sort((a, b) => a - b) : [from, (from + to) / 2, to];
      let end = -100;
      for (const [number, at] of marks.entries()) {
        const text = current.showX(at);
        const anchor = number === 0 ? 'start' : number === marks.length - 1 ? 'end' : 'middle';
        const room = text.length * 6.5;
        const begin = x(at) - (anchor === 'middle' ? room / 2 : anchor === 'end' ? room : 0);
        if (begin < end + 8)
          continue;
        end = begin + room;
        svg.append(s('text', { x: x(at), y: height - 6, 'text-anchor': anchor }, text));
      }
    }
    for (const [number, one] of series.entries()) {
      const path = lines(one.points, x, y);
      if (current.area && path && !path.slice(1).includes('M')) {
        const first = one.points.find(point => point[1] !== null);
        const final = one.points.findLast(point => point[1] !== null);
        svg.append(s('path', { class: `area s${number}`, d: `${path}L${x(final[0])} ${base}L${x(first[0])} ${base}Z` }));
      }
      svg.append(s('path', { class: `line s${number}`, d: path }));
      if (log)
        svg.append(one.points.map(([at, value]) => s('circle', { class: `s${number}`, cx: x(at), cy: y(value), r: 2.5 })).reduce(
          (group, dot) => (group.append(dot), group), s('g', {})));
    }
    for (const [number, one] of series.entries()) {
      const known = one.points.filter(point => point[1] !== null && point[1] !== undefined);
      if (!log && known.length === 1) // a line of one point is none
        svg.append(s('circle', { class: `s${number}`, cx: x(known[0][0]), cy: y(known[0][1]), r: 2.5 }));
    }
    if (points.length === 0)
      svg.append(s('text', { x: (LEFT + width - RIGHT) / 2, y: TOP + (base - TOP) / 4 + 4, 'text-anchor': 'middle' },
        'Nothing measured yet'));
    const cursor = s('line', { class: 'cursor', y1: TOP, y2: base, visibility: 'hidden' });
    svg.append(cursor);
    svg.addEventListener('pointermove', event => {
      const at = event.clientX - svg.getBoundingClientRect().left;
      const near = [...new Set(xs)].reduce((best, one) => Math.abs(x(one) - at) < Math.abs(x(best) - at) ? one : best, xs[0]);
      if (near === undefined)
        return;
      cursor.setAttribute('x1', x(near));
      cursor.setAttribute('x2', x(near));
      cursor.setAttribute('visibility', 'visible');
      fillLegend(near);
    });
    svg.addEventListener('pointerleave', () => {
      cursor.setAttribute('visibility', 'hidden');
      fillLegend();
    });
    put(drawing, svg);
  }

  new ResizeObserver(([entry]) => {
    const now = Math.round(entry.contentRect.width);
    if (now === width)
      return;
    width = now;
    draw();
  }).observe(figure);
  fillLegend();
  /** Draws other values in place of those that are shown. */
  figure.update = changed => {
    current = { ...current, ...changed };
    fillLegend();
    draw();
    fillTable();
  };
  return figure;
}

/** A range of values on one scale: its ends, and marks between them. */
export function range(name, { low, high, marks, scale, show }) {
  const most = scale || high || 1;
  const at = value => 4 + value / most * 292;
  const text = [`${show(low)} to ${show(high)}`, ...marks.map(([title, value]) => `${title} ${show(value)}`)].join(', ');
  return h('div', { class: 'range' }, h('span', {}, name),
    s('svg', { viewBox: '0 0 300 20', preserveAspectRatio: 'none', role: 'img', 'aria-label': `${name}: ${text}` },
      s('line', { class: 'track', x1: 4, x2: 296, y1: 10, y2: 10 }),
      s('line', { class: 'span', x1: at(low), x2: at(high), y1: 10, y2: 10 }),
      marks.map(([, value]) => s('line', { class: 'mark-line', x1: at(value), x2: at(value), y1: 3, y2: 17 }))),
    h('span', {}), h('span', { class: 'small soft' }, text));
}
