// Where servers are, what lets a client in, and how patient it is.

import { isIP } from 'node:net';

/** Options of a client. Checked when it is made. */
export interface AnnClientOptions {
  /**
   * Where the servers are. One of: `http://HOST:PORT` or `https://HOST:PORT`, one server; `unix:///PATH`, a server of the same machine by
   * its socket; `dns:///HOST:PORT`, every address of the name, in turn; `static:///IP:PORT,IP:PORT`, these, in turn.
   */
  address: string;
  /** Encrypt where `address` leaves that open (`dns`, `static`). Default: false. */
  useTls?: boolean;
  /** API key or token (JWT) that is shown with each call. Over a connection without encryption it is shown to the same machine alone. */
  apiKey?: string;
  /** Asked for a token before each call, in place of `apiKey`. Should keep it until it expires. */
  tokenProvider?: () => string | Promise<string>;
  /** Who issued the servers' certificates, PEM. Default: those whom Node trusts. */
  authorities?: string | Uint8Array;
  /** Certificate with its key that is shown to the servers, PEM. Default: none. */
  clientCertificate?: { certificate: string | Uint8Array; key: string | Uint8Array };
  /** Deadline of a search or another read where the call says nothing, milliseconds; Infinity for none. Default: 1,000. */
  readTimeoutMs?: number;
  /** Deadline of one upsert, delete or other write, likewise; streams of writes have none. Default: 30,000. */
  writeTimeoutMs?: number;
  /**
   * Calls that are made in all for one read or write that fails because the server is away, is starting or has no room, 1 to 5; as long as
   * the deadline allows, and when the server says. 1: none again. Default: 4.
   */
  maxAttempts?: number;
  /** Longest reply that is taken, bytes. Default: 256 MiB, the longest that a server gives by default. */
  maxReplyBytes?: number;
}

/** What a call may say of itself. */
export interface CallOptions {
  /** How long it may take, milliseconds: its deadline, by which the server shortens its search or gives up. Default: that of the client. */
  timeoutMs?: number;
  /** Ends the call; it is rejected with the signal's reason. */
  signal?: AbortSignal;
}

/** Options with every default, and the address as gRPC has it. */
export interface Checked {
  target: string;
  isEncrypted: boolean;
  isBalanced: boolean;
  options: AnnClientOptions & Required<Pick<AnnClientOptions, 'readTimeoutMs' | 'writeTimeoutMs' | 'maxAttempts' | 'maxReplyBytes'>>;
}

/** Checks options. */
export function check(given: AnnClientOptions): Checked {
  const options = { readTimeoutMs: 1000, writeTimeoutMs: 30_000, maxAttempts: 4, maxReplyBytes: 256 << 20, ...given };
  const { target, isEncrypted, isBalanced, keepsSecrets } = read(options.address, options.useTls ?? false);
  const { apiKey, tokenProvider } = options;
  if (apiKey !== undefined && tokenProvider)
    throw new TypeError('apiKey and tokenProvider are given; one of them was expected.');
  if (apiKey !== undefined && !/^[!-~]+$/.test(apiKey))
    throw new TypeError('apiKey is no key or token: one word of ASCII was expected.');
  if ((apiKey !== undefined || tokenProvider) && !keepsSecrets) {
    throw new TypeError(
      `apiKey or tokenProvider is given, and address is '${options.address}': it is sent to other machines over connections with `
      + 'encryption alone, since anybody on the way could take it.');
  }
  if ((options.authorities || options.clientCertificate) && !isEncrypted)
    throw new TypeError(`authorities and clientCertificate are for encryption; address is '${options.address}'.`);
  for (const name of ['readTimeoutMs', 'writeTimeoutMs'] as const)
    checkTimeout(name, options[name]);
  if (!Number.isInteger(options.maxAttempts) || options.maxAttempts < 1 || options.maxAttempts > 5)
    throw new RangeError(`maxAttempts is ${options.maxAttempts}; 1 to 5 was expected.`);
  if (!Number.isInteger(options.maxReplyBytes) || options.maxReplyBytes < 1)
    throw new RangeError(`maxReplyBytes is ${options.maxReplyBytes}; a whole number of at least 1 was expected.`);
  return { target, isEncrypted, isBalanced, options };
}

/** Refuses what is no time. */
export function checkTimeout(name: string, value: number): void {
  if (!(value > 0))
    throw new RangeError(`${name} is ${value}; milliseconds above 0 were expected, or Infinity.`);
}

interface Target {
  target: string;
  isEncrypted: boolean;
  isBalanced: boolean;
  keepsSecrets: boolean;
}

function read(address: string, useTls: boolean): Target {
  const fault = (why: string) => new TypeError(`address is '${address}'; ${why}.`);
  if (typeof address !== 'string')
    throw fault('a string was expected');
  if (address.startsWith('unix://')) {
    if (!/^unix:\/\/\/./.test(address))
      throw fault('of a socket the whole path was expected');
    return { target: `unix:${address.slice('unix://'.length)}`, isEncrypted: false, isBalanced: false, keepsSecrets: true };
  }
  if (address.startsWith('dns:///')) {
    if (!hostOf(address.slice('dns:///'.length)))
      throw fault('HOST:PORT was expected after dns:///');
    return { target: address, isEncrypted: useTls, isBalanced: true, keepsSecrets: useTls };
  }
  if (address.startsWith('static:///')) {
    const list = address.slice('static:///'.length).split(',');
    const hosts = list.map((one) => hostOf(one)?.host ?? '');
    const kind = isIP(hosts[0] ?? '');
    const bad = list.find((_, i) => isIP(hosts[i]!) === 0 || isIP(hosts[i]!) !== kind);
    if (bad !== undefined)
      throw fault(`'${bad}' is no IP:PORT of the same kind as the first`);
    return {
      target: `${kind === 6 ? 'ipv6' : 'ipv4'}:${list.join(',')}`, isEncrypted: useTls, isBalanced: true,
      keepsSecrets: useTls || hosts.every(isLoopback),
    };
  }
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.pathname !== '/' || url.search !== '' || url.username !== '')
    throw fault('http:// or https://HOST:PORT, unix:///PATH, dns:///HOST:PORT or static:///IP:PORT,… was expected');
  const isEncrypted = url.protocol === 'https:';
  if (useTls && !isEncrypted)
    throw fault('with useTls https:// was expected');
  const port = url.port || (isEncrypted ? '443' : '80');
  return {
    target: `dns:///${url.hostname}:${port}`, isEncrypted, isBalanced: false,
    keepsSecrets: isEncrypted || isLoopback(url.hostname.replace(/^\[|\]$/g, '')),
  };
}

function hostOf(text: string): { host: string } | undefined {
  const found = /^(?:\[([^\]]+)\]|([^:/,@\s]+)):\d{1,5}$/.exec(text);
  return found ? { host: (found[1] ?? found[2])! } : undefined;
}

const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
