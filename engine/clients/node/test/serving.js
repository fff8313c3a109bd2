// `ann serve` as a process of its own, on a data directory that is removed. ANN_PROGRAM names the program, or its ann.dll.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const built = path.join(import.meta.dirname, '../../../../tools/ann/bin/Release/net10.0/ann.dll');

/** A server that can be stopped, killed, and started again where it was. */
export class Serving {
  data = mkdtempSync(path.join(tmpdir(), 'ann-node-'));

  /** Starts a server and waits until it serves. */
  static async start(...options) {
    const serving = new Serving();
    await serving.start('127.0.0.1:0', ...options);
    return serving;
  }

  async start(listen, ...options) {
    const program = process.env.ANN_PROGRAM ?? built;
    if (!existsSync(program))
      throw new Error(`${program} is not there; build tools/ann, or name the program with ANN_PROGRAM.`);
    const words = ['serve', '--json', '--data', this.data, '--listen', listen, ...options];
    const env = { ...process.env, Ann__WarmUpCalls: '0' };
    this.process = program.endsWith('.dll')
      ? spawn('dotnet', [program, ...words], { env, stdio: ['ignore', 'pipe', 'pipe'] })
      : spawn(program, words, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let told = '', errors = '';
    this.process.stderr.on('data', (text) => { errors += text; });
    for await (const text of this.process.stdout.iterator({ destroyOnReturn: false })) {
      told += text;
      if (/^}/m.test(told))
        break;
    }
    if (!/^}/m.test(told))
      throw new Error(`The server ended before it served:\n${errors}`);
    this.process.stdout.resume();
    this.address = JSON.parse(told).address;
  }

  /** SIGKILL: the server does nothing any more. */
  async kill() {
    const ended = once(this.process, 'exit');
    this.process.kill('SIGKILL');
    await ended;
  }

  /** Ends the server, and removes what it had. */
  async dispose() {
    if (this.process.exitCode === null && this.process.signalCode === null)
      await this.kill();
    rmSync(this.data, { recursive: true, force: true });
  }
}
