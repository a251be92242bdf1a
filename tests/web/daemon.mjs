// nablad as a test of the page sees it: started in a folder of its own with ports that the kernel chooses, fed over
// real sockets, stopped by its process id. tests/e2e/daemon.py is the same for Python.
//
//     const d = new Daemon(() => ({ limits: { max_series: 3 } }));     // JSON over BASE; JSON is YAML
//     await d.start();
//     await d.send('speed,car=a value=1');
//     await d.stop();
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const BUILD = path.resolve(process.env.NABLA_BUILD ?? path.join(ROOT, 'build/release'));
const NABLAD = path.join(BUILD, 'src/daemon/nablad');

export const DEADLINE_MS = Number(process.env.NABLA_DEADLINE_MS ?? 180_000); // how long to wait for what must come: sanitizers, one core, others on it
const SANITIZER = /ERROR: \w+Sanitizer|WARNING: ThreadSanitizer|runtime error:/;

const BASE = {
    ingest: { listeners: [{ address: '127.0.0.1:0', protocol: 'tcp' }, { address: '127.0.0.1:0', protocol: 'udp' }] },
    http: { listen: '127.0.0.1:0' },
};

const pause = ms => new Promise(resolve => setTimeout(resolve, ms));

// Calls probe until it returns something true, and returns that; an error of the probe's is a "not yet".
export async function eventually(probe, what = 'what was waited for', deadline_ms = DEADLINE_MS) {
    const end = Date.now() + deadline_ms;
    let last;
    for (;;) {
        try {
            if ((last = await probe())) return last;
        } catch (fault) {
            last = fault;
        }
        if (Date.now() > end) throw new Error(`${what} did not come within ${deadline_ms / 1000} s (last: ${last})`);
        await pause(20);
    }
}

const hostAndPort = listener => {
    const [, host, port] = /:\/\/(.*):(\d+)$/.exec(listener);
    return { host: host.replace(/[[\]]/g, ''), port: Number(port) };
};

// The exposition's samples as [name, { label: value }, number].
function* samplesOf(exposition) {
    for (const line of exposition.split('\n')) {
        const found = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/.exec(line);
        if (!found) continue;
        const labels = {};
        for (const [, name, value] of (found[2] ?? '').matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)) labels[name] = value;
        yield [found[1], labels, Number(found[3])];
    }
}

export class Daemon {
    // configure: of the daemon, whose folder may need files, its configuration over BASE.
    constructor(configure = () => ({})) {
        this.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'nablad-web-'));
        this.logPath = path.join(this.folder, 'log');
        this.configure = configure;
    }

    // A file that the configuration may name, in the daemon's folder.
    file(name, text) {
        fs.writeFileSync(path.join(this.folder, name), text, { mode: 0o600 });
        return path.join(this.folder, name);
    }

    async start() {
        const config = this.config ?? await this.configure(this);
        this.config = { ...BASE, ...config, http: { ...BASE.http, ...config.http } };
        this.file('nablad.yaml', JSON.stringify(this.config));
        const log = fs.openSync(this.logPath, 'w');
        // a test that is killed takes its daemon with it
        this.process = spawn('setpriv', ['--pdeathsig', 'KILL', '--', NABLAD, '--config', path.join(this.folder, 'nablad.yaml')],
            { cwd: this.folder, stdio: ['ignore', log, log] });
        fs.closeSync(log);
        const { process } = this;
        this.ended = new Promise(resolve => process.once('exit', (status, signal) => resolve(status ?? signal)));
        process.once('error', fault => { throw fault; });
        await eventually(() => {
            if (process.exitCode !== null) this.died = true;
            return this.died || /event=ready/.test(this.log());
        }, 'event=ready in the log');
        if (this.died) throw new Error(`nablad ended with ${process.exitCode}:\n${this.log()}`);
        this.listeners = [...this.log().matchAll(/event=listening .*?listener=(\S+)/g)].map(found => found[1]);
        return this;
    }

    log() {
        return fs.readFileSync(this.logPath, 'utf8');
    }

    address(scheme) {
        return hostAndPort(this.listeners.find(listener => listener.startsWith(`${scheme}://`)));
    }

    get url() {
        const { host, port } = this.address('http');
        return `http://${host}:${port}`;
    }

    // -- samples in -------------------------------------------------------------------------------------------------

    // A connection of lines, for many; the caller ends it.
    async connect() {
        const socket = net.connect(this.address('tcp'));
        socket.setNoDelay(true);
        await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
        return socket;
    }

    // Over TCP; then waits until as many lines were read.
    async send(text) {
        const lines = text.split('\n').filter(line => line && !line.startsWith('#'));
        const before = await this.metric('nablad_lines_total');
        const socket = await this.connect();
        socket.end(lines.join('\n') + '\n');
        await new Promise(resolve => socket.once('close', resolve).resume());
        await eventually(async () => await this.metric('nablad_lines_total') >= before + lines.length, 'the lines read');
    }

    // -- answers out ------------------------------------------------------------------------------------------------

    async get(path_, headers = {}) {
        return fetch(this.url + path_, { headers });
    }

    async data(path_) {
        const answer = await (await this.get(path_)).json();
        if (answer.status !== 'success') throw new Error(answer.error);
        return answer.data;
    }

    // The sum of all samples of that name that have these labels.
    async metric(name, labels = {}) {
        let sum;
        for (const [other, has, value] of samplesOf(await (await this.get(`/metrics?match[]=${name}`)).text()))
            if (other === name && Object.entries(labels).every(([key, text]) => has[key] === text)) sum = (sum ?? 0) + value;
        if (sum === undefined) throw new Error(`no metric ${name}`);
        return sum;
    }

    residentBytes() {
        return Number(/^VmRSS:\s+(\d+)/m.exec(fs.readFileSync(`/proc/${this.process.pid}/status`, 'utf8'))[1]) * 1024;
    }

    // -- its end ----------------------------------------------------------------------------------------------------

    // As a power cut does it: no farewell.
    async kill() {
        this.process.kill('SIGKILL');
        await this.ended;
    }

    // On the ports that it had: whoever borrowed one meanwhile as the port of a connection gives it back.
    async restart() {
        const { host, port } = this.address('http');
        this.config.http = { ...this.config.http, listen: `${host}:${port}` };
        await eventually(async () => {
            this.died = false;
            await this.start();
            return true;
        }, `a nablad on port ${port} again`);
    }

    // SIGTERM: it must end by itself, with 0 and nothing to complain about. Does nothing to one that has ended.
    async stop() {
        const { process } = this;
        try {
            if (process && process.exitCode === null && process.signalCode === null) {
                process.kill('SIGTERM');
                const late = setTimeout(() => process.kill('SIGKILL'), DEADLINE_MS);
                const status = await this.ended;
                clearTimeout(late);
                if (status !== 0) throw new Error(`nablad ended with ${status}:\n${this.log().slice(-4000)}`);
            }
            if (process && SANITIZER.test(this.log())) throw new Error(this.log().slice(-8000));
        } finally {
            fs.rmSync(this.folder, { recursive: true, force: true });
        }
    }
}
