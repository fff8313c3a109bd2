// Calls of the server: REST, as anybody makes them (/openapi/v1.json), and what only the console looks at (/console/data).

const KEY = 'ann.key';

/** A refusal of the server: a google.rpc.Status. */
export class CallError extends Error {
  constructor(status, body) {
    super(body?.message || `The server answered ${status}.`);
    this.status = status;
    this.code = body?.code ?? 0;
    this.details = body?.details ?? [];
  }

  /** What a demand that was not met says, one sentence each. */
  get violations() {
    return this.details.flatMap(detail => detail.violations ?? []);
  }
}

let onRefused = () => {};

/** Called when the server wants to know who asks. */
export function whenRefused(action) {
  onRefused = action;
}

/** The key or token, of this tab alone; null for none. */
export function credential() {
  try {
    return sessionStorage.getItem(KEY);
  } catch {
    return null;
  }
}

export function setCredential(text) {
  if (text)
    sessionStorage.setItem(KEY, text);
  else
    sessionStorage.removeItem(KEY);
}

async function send(method, path, body, { signal, deadlineMs } = {}) {
  const headers = { Accept: 'application/json' };
  const key = credential();
  if (key)
    headers.Authorization = `Bearer ${key}`;
  if (body !== undefined)
    headers['Content-Type'] = 'application/json';
  if (deadlineMs)
    headers['X-Server-Timeout'] = String(deadlineMs / 1000);
  let answer;
  try {
    answer = await fetch(path, { method, headers, signal, body: body === undefined ? undefined : JSON.stringify(body) });
  } catch (error) {
    if (error.name === 'AbortError')
      throw error;
    throw new CallError(0, { message: 'The server cannot be reached.' });
  }
  const text = await answer.text();
  let json = null;
  try {
    json = text ? JSON.parse(text) : null;
  } catch {
    // Not from the server itself: something between it and us.
  }
  if (answer.ok)
    return json;
  if (answer.status === 401)
    onRefused();
  throw new CallError(answer.status, json);
}

/** index and index@generation, as they stand in a path. */
const place = index => `/v1/indexes/${encodeURIComponent(index)}`;

export const listIndexes = options => send('GET', '/v1/indexes', undefined, options);
export const describe = (index, options) => send('GET', place(index), undefined, options);
/** A custom method of an index, such as search or promote. */
export const call = (index, method, body, options) => send('POST', `${place(index)}:${method}`, body, options);
export const embed = (encoder, texts) => send('POST', `/v1/encoders/${encodeURIComponent(encoder)}:embed`, { texts });
export const dropSet = (index, set) => send('DELETE', `${place(index)}/sets/${encodeURIComponent(set)}`);
export const openApi = options => send('GET', '/openapi/v1.json', undefined, options);

/** What only the console looks at. */
export function look(what, query = {}, options) {
  const text = new URLSearchParams(query).toString();
  return send('GET', `/console/data/${what}${text ? `?${text}` : ''}`, undefined, options);
}

/** A float32 row in base64 as numbers. */
export function floats(base64) {
  const raw = Uint8Array.from(atob(base64), character => character.charCodeAt(0));
  return Array.from(new Float32Array(raw.buffer));
}

/** The call as somebody would make it at a shell. */
export function curl(method, path, body, deadlineMs) {
  const origin = location.origin;
  const lines = [`curl ${method === 'GET' ? '' : `-X ${method} `}'${origin}${path}'`];
  if (credential())
    lines.push("-H \"Authorization: Bearer $ANN_API_KEY\"");
  if (deadlineMs)
    lines.push(`-H 'X-Server-Timeout: ${deadlineMs / 1000}'`);
  if (body !== undefined)
    lines.push("-H 'Content-Type: application/json'", `-d '${JSON.stringify(body).replaceAll("'", "'\\''")}'`);
  return lines.join(' \\\n  ');
}
