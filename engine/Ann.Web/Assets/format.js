// Numbers, sizes and times as people read them.

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

/** 12,345 — of numbers, and of 64-bit numbers that came as texts. */
export function count(value) {
  return value === undefined || value === null ? '–' : whole.format(typeof value === 'string' ? BigInt(value) : value);
}

/** Three significant digits or so: 0.034, 1.25, 18.3, 250, 12,400. */
export function figure(value) {
  if (value === null || value === undefined)
    return '–';
  const size = Math.abs(value);
  const digits = size >= 100 || size === 0 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3;
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** Four significant digits, and no zeros behind them: 32, 0.9998, 85. */
export const plain = value => value === null || value === undefined ? '–' : value.toLocaleString('en', { maximumSignificantDigits: 4 });

/** 1.4 GiB. */
export function bytes(value) {
  let number = Number(value ?? 0);
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  while (number >= 1024 && unit < units.length - 1) {
    number /= 1024;
    unit++;
  }
  return unit === 0 ? `${whole.format(number)} B` : `${number.toLocaleString('en', { maximumSignificantDigits: 3 })} ${units[unit]}`;
}

/** 0.9932, and 1 as 1.0000: recall is compared by its last digits. */
export const recall = value => value === null || value === undefined ? '–' : value.toFixed(4);

export const milliseconds = value => value === null || value === undefined ? '–' : `${figure(value)} ms`;

/** The enum value INDEX_STATE_SERVING as "serving". */
export const word = (value, prefix) => (value ?? '').replace(prefix, '').replaceAll('_', ' ').toLowerCase();

/** The metric's own name. */
export const metric = value => ({ METRIC_COSINE: 'cosine', METRIC_L2: 'Euclidean', METRIC_INNER_PRODUCT: 'inner product' })[value] ?? '–';

/** A fingerprint, 64 bits told in decimal, as 16 hex digits. */
export const fingerprint = value => BigInt(value).toString(16).padStart(16, '0');

/** The first digits of a generation: enough to tell it from its neighbours. */
export const short = id => (id ?? '').slice(0, 8);

/** What a point of the board counts, a second; 0 while there is none. */
export const perSecond = (point, name) => point && point.seconds > 0 ? point[name] / point.seconds : 0;

/** 14:03:20. */
export const clock = unixMs => new Date(unixMs).toLocaleTimeString('en-GB');
