// Certificates: what was measured of the segments of a generation when they were sealed.

import { look } from './calls.js';
import { lineChart, range } from './chart.js';
import { empty, facts, field, h, notice, panel, put, select, table } from './dom.js';
import { barChart } from './histogram.js';
import { bytes, count, plain, recall, short } from './format.js';

const sources = { rows: 'rows of its own', given: 'given queries', sampled: 'sampled real queries' };

const endsOf = ({ name, points }) => `${name} from ${pointText(points[0])} to ${pointText(points.at(-1))}`;
const pointText = ([ef, value]) => `${recall(value)} at ef ${ef}`;

function curve(certificate) {
  const series = [['recall@10', certificate.efRecall], ['recall@100', certificate.efRecall100]].filter(([, points]) => points.length > 0)
    .map(([name, points]) => ({ name, points: points.map(point => [point.ef, point.recall]) }));
  const lowest = Math.min(...series.flatMap(one => one.points.map(point => point[1])), 0.999);
  return lineChart({
    title: 'Recall by beam width', xTitle: 'ef', series, log: true, height: 220, high: 1,
    low: Math.floor(lowest * 20 - 1e-9) / 20, showX: at => count(at), showY: recall, showTick: value => value.toFixed(2),
    describe: () => `Recall by beam width: ${series.map(endsOf).join('; ')}`,
  });
}

function degrees(certificate) {
  return range('Links to a node', {
    low: certificate.minInDegree, high: certificate.maxInDegree, scale: Math.max(certificate.maxInDegree, 2 * certificate.meanDegree),
    marks: [['mean', certificate.meanDegree]], show: plain,
  });
}

function norms({ norms: known }) {
  return range('Norms of rows', {
    low: known.min, high: known.max, marks: [['median', known.median], ['p99', known.p99]], show: plain,
  });
}

/** A histogram with its heading and its ends in words; the ends alone where an older file has no histogram. */
function spread(title, of, histogram, isWhole, text, ends) {
  if (!histogram?.counts?.length)
    return h('div', { class: 'stack' }, h('h3', {}, title), ends, text && h('p', { class: 'small soft' }, text));
  return h('div', { class: 'stack' }, h('h3', {}, title),
    histogram.counts.length > 1 ? barChart({ title, of, histogram, isWhole })
      : h('p', {}, `All ${count(histogram.counts[0])} ${of}: ${plain(histogram.edges[0])}.`),
    h('p', { class: 'small soft' }, text));
}

function spreads(certificate) {
  const known = certificate.norms;
  const isOld = !certificate.normCounts;
  return [
    h('div', { class: 'columns three' },
      spread('Links to a node', 'nodes', certificate.inDegrees, true, isOld ? '' : `${count(certificate.minInDegree)} to `
        + `${count(certificate.maxInDegree)}, ${plain(certificate.meanDegree)} on average, on level 0.`, degrees(certificate)),
      spread('Links from a node', 'nodes', certificate.degrees, true,
        `${count(certificate.minDegree)} and more, ${plain(certificate.meanDegree)} on average, on level 0.`),
      spread('Norms of rows', 'rows', certificate.normCounts, false, isOld ? ''
        : `${plain(known.min)} to ${plain(known.max)}, median ${plain(known.median)}, p99 ${plain(known.p99)}.`, norms(certificate))),
    isOld && h('p', { class: 'small soft' },
      'Sealed by an earlier version, which counted no histograms: what is rebuilt or merged has them.'),
  ];
}

function shown(segment) {
  const certificate = segment.certificate;
  return h('div', { class: 'stack' }, h('div', { class: 'columns' },
    h('div', { class: 'stack' }, h('h3', {}, 'Recall by beam width'),
      certificate.efRecall.length > 0 ? curve(certificate) : empty('Not measured.'),
      h('p', { class: 'small soft' },
        `Measured with ${count(certificate.queries)} ${sources[certificate.querySource]}, against exact search.`)),
    h('div', { class: 'stack' }, h('h3', {}, 'Graph and rows'),
      facts([
        ['Reachable', `${count(certificate.reachable)} of ${count(segment.rows)}`],
        ['Repaired links', count(certificate.repaired)],
        ['Identical rows', count(certificate.copies)],
        ['Highest level', count(certificate.maxLevel)],
        ['Scan by codes', certificate.codesRecall10 === undefined ? null : `recall@10 ${recall(certificate.codesRecall10)}`],
      ]))), spreads(certificate));
}

function generation(report) {
  const body = h('div', { class: 'stack' });
  const sealed = report.segments.map((segment, number) => ({ segment, number })).filter(one => one.segment.certificate);
  const detail = h('div', {});
  const rows = table('Segments', [
    { title: 'Segment', head: true, cell: (_, number) => [h('span', { class: 'in-cards' }, 'Segment '), number + 1] },
    { title: 'Kind', cell: one => one.sealed ? 'sealed' : 'head, takes writes' },
    { title: 'Rows', num: true, cell: one => count(one.rows) },
    { title: 'Deleted', num: true, cell: one => count(one.dead) },
    { title: 'Memory', num: true, cell: one => bytes(one.memoryBytes) },
    { title: 'Layout', cell: one => one.layout ? `${one.layout}, ${one.codes}`.toLowerCase() : '' },
    { title: 'Recall@10 at ef 64', num: true, cell: one => recall(one.certificate?.efRecall.find(point => point.ef === 64)?.recall) },
  ], report.segments);
  put(body, rows);
  if (sealed.length === 0) {
    body.append(empty('No segment is sealed yet, so nothing was certified.'));
    return body;
  }
  const largest = sealed.reduce((best, one) => one.segment.rows > best.segment.rows ? one : best);
  put(detail, shown(largest.segment));
  const which = select({
    onchange: event => put(detail, shown(report.segments[Number(event.target.value)])),
  }, sealed.map(one => [String(one.number), `Segment ${one.number + 1}, ${count(one.segment.rows)} rows`]), String(largest.number));
  body.append(h('div', { class: 'body stack' },
    sealed.length > 1 && h('div', { class: 'fields' }, field('Certificate of', which)), detail));
  return body;
}

/** The panel with the certificates of some generations, of which one is looked at. */
export async function certificates(name, generations, signal) {
  const body = h('div', {});
  const load = async id => {
    try {
      put(body, generation(await look('segments', { index: `${name}@${id}` }, { signal })));
    } catch (error) {
      if (error.name !== 'AbortError')
        put(body, h('div', { class: 'body' }, notice('bad', error.message)));
    }
  };
  const which = select({ 'aria-label': 'Generation', class: 'mono', onchange: event => load(event.target.value) },
    generations.map((id, number) => [id, number === 0 ? `${short(id)} (serving)` : short(id)]), generations[0]);
  await load(generations[0]);
  return panel('Segments and certificates', {
    note: 'What was measured of each segment when it was sealed.', actions: generations.length > 1 ? [h('div', {}, which)] : [],
  }, body);
}
