// Histograms as SVG bars, drawn for the width that they have; each with its numbers as a table, for those who do not see it.

import { h, put, s, table } from './dom.js';
import { count, plain } from './format.js';

const LEFT = 44;
const RIGHT = 4;
const TOP = 8;
const BOTTOM = 22;
const HEIGHT = 150;

/** What a bin holds, as text: 7, 8–11, 0.52–0.55. */
function binText(edges, bin, isWhole) {
  const [from, to] = [edges[bin], edges[bin + 1]];
  if (isWhole)
    return to - from <= 1 ? count(from) : `${count(from)}–${count(to - 1)}`;
  return `${plain(from)}–${plain(to)}`;
}

const share = (part, all) => `${(part / all * 100).toLocaleString('en', { maximumSignificantDigits: 2 })} %`;

/** Round marks of the y axis: 0, and what fits below the highest bar. */
function yMarks(most) {
  const power = 10 ** Math.floor(Math.log10(most));
  const step = [0.5, 1, 2, 5].map(factor => factor * power).find(one => most / one <= 3) ?? most;
  const marks = [];
  for (let at = 0; at <= most; at += Math.max(1, step))
    marks.push(at);
  return marks;
}

/**
 * A histogram. Every bin is drawn equally wide, so that bins which grow by a factor are a logarithmic axis.
 * @param options.title what is counted, and of what, for screen readers
 * @param options.of the things that are counted: nodes
 * @param options.histogram edges and counts
 * @param options.isWhole true where the values are whole numbers
 */
export function barChart({ title, of, histogram: { edges, counts }, isWhole }) {
  const all = counts.reduce((sum, one) => sum + one, 0);
  const most = Math.max(...counts);
  const highest = counts.indexOf(most);
  const text = bin => `${binText(edges, bin, isWhole)}: ${count(counts[bin])} ${of}, ${share(counts[bin], all)}`;
  const label = `${title}: ${count(all)} ${of}, from ${binText(edges, counts.findIndex(one => one > 0), isWhole)} to `
    + `${binText(edges, counts.findLastIndex(one => one > 0), isWhole)}; most at ${text(highest)}`;
  const pointed = h('p', { class: 'small soft' });
  const drawing = h('div', {});
  const numbers = h('div', {});
  const details = h('details', { ontoggle: () => put(numbers, details.open && rows()) }, h('summary', {}, 'As a table'), numbers);
  const figure = h('figure', { class: 'chart' }, pointed, drawing, details);
  const tell = bin => put(pointed, bin === undefined ? `Most at ${text(highest)}` : text(bin));

  const rows = () => table(title, [
    { title: isWhole ? 'Links' : 'Norm', head: true, cell: bin => binText(edges, bin, isWhole) },
    { title: of[0].toUpperCase() + of.slice(1), num: true, cell: bin => count(counts[bin]) },
    { title: 'Share', num: true, cell: bin => share(counts[bin], all) },
  ], counts.map((_, bin) => bin).filter(bin => counts[bin] > 0), { cards: false });

  function draw(width) {
    const bar = (width - LEFT - RIGHT) / counts.length;
    const base = HEIGHT - BOTTOM;
    const y = value => base - value / most * (base - TOP);
    const svg = s('svg', { viewBox: `0 0 ${width} ${HEIGHT}`, height: HEIGHT, role: 'img', 'aria-label': label });
    for (const mark of yMarks(most))
      svg.append(s('line', { class: 'grid', x1: LEFT, x2: width - RIGHT, y1: y(mark), y2: y(mark) }),
        s('text', { x: LEFT - 6, y: y(mark) + 4, 'text-anchor': 'end' }, short(mark)));
    const gap = bar > 4 ? 1 : 0;
    for (const [bin, value] of counts.entries()) {
      if (value > 0) {
        const top = Math.min(y(value), base - 1); // a single one is still seen
        svg.append(s('rect', { class: 'bar s0', x: LEFT + bin * bar, y: top, width: bar - gap, height: base - top }));
      }
    }
    svg.append(s('line', { class: 'axis', x1: LEFT, x2: width - RIGHT, y1: base, y2: base }));
    const marks = [0, 0.25, 0.5, 0.75, 1].map(place => Math.round(place * counts.length));
    for (const [number, edge] of [...new Set(marks)].entries())
      svg.append(s('text', {
        x: LEFT + edge * bar, y: HEIGHT - 6, 'text-anchor': number === 0 ? 'start' : edge === counts.length ? 'end' : 'middle',
      }, plain(isWhole && edge === counts.length ? edges[edge] - 1 : edges[edge])));
    svg.addEventListener('pointermove', event => {
      const bin = Math.floor((event.clientX - svg.getBoundingClientRect().left - LEFT) / bar);
      tell(bin >= 0 && bin < counts.length ? bin : undefined);
    });
    svg.addEventListener('pointerleave', () => tell());
    put(drawing, svg);
  }

  let drawn = 0;
  new ResizeObserver(([entry]) => {
    const width = Math.round(entry.contentRect.width);
    if (width === drawn || width === 0)
      return;
    drawn = width;
    draw(width);
  }).observe(figure);
  tell();
  return figure;
}

/** 1,200 as 1.2K: marks have little room. */
const short = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 }).format;
