// bench.mjs [--minutes N] [PART...]: what the page costs those who look at it, and the daemon, on this machine.
//
//     first    from the click until ten thousand live series are shown, of a browser with nothing cached
//     frames   60 charts at 10 points a second: frames that the browser draws, by its own tracing
//     heap     the same page left open for N minutes (5; the two hours of docs/performance.md: 120)
//     ingest   lines a second with no page, with one that follows 60 series, and with one whose browser stands still
//
// Without a PART all of them. Ask for them on an idle machine: browser, daemon and sender share it.
import { launch, visit } from './chromium.mjs';
import { Daemon, eventually } from './daemon.mjs';
import { live, nowNs, SECOND } from './plant.mjs';

const say = text => console.log(text);
const median = list => [...list].sort((a, b) => a - b)[list.length >> 1];
const MiB = bytes => `${(bytes / 1048576).toFixed(1)} MiB`;
const seconds = s => new Promise(resolve => setTimeout(resolve, s * 1000));

const KEPT = () => ({ defaults: { keep: '1h', sigma: 0.05 }, ingest: { threads: 1, listeners: [{ address: '127.0.0.1:0', protocol: 'tcp' }] } });

async function withDaemon(work) {
    const daemon = new Daemon(KEPT);
    try {
        await daemon.start();
        return await work(daemon);
    } finally {
        await daemon.stop();
    }
}

async function withPage(daemon, work) {
    const browser = await launch();
    try {
        const page = await visit(browser, daemon);
        const result = await work(page, browser);
        if (page.faults.length > 0) say(`    the browser complained: ${page.faults.slice(0, 3)}`);
        return result;
    } finally {
        await browser.close();
    }
}

// Either view has begun to show what it is about.
const rowsOrChart = page => page.waitForFunction(() => document.querySelector('#series tr[data-series], .uplot, canvas'));
const rowsShown = (page, n) => page.waitForFunction(want => document.querySelectorAll('#series tr[data-series]').length >= want, n);

// Series of a wave each, `n` of them.
const waves = n => t => Array.from({ length: n }, (_, i) => [`wave,n=${i}`, 10 + Math.sin(t / 5 + i) * (1 + i % 7)]);

async function history(daemon, n, samples) {
    const now = nowNs();
    const of = waves(n);
    for (let s = -samples; s < 0; s++) {
        const at = now + BigInt(s) * SECOND;
        await daemon.send(of(s).map(([key, value]) => `${key} value=${value} ${at}`).join('\n'));
    }
}

// ---- parts

async function first() {
    await withDaemon(async daemon => {
        await history(daemon, 10_000, 4);
        const stop = await live(daemon, waves(10_000), 1000);
        const times = [];
        for (let i = 0; i < 7; i++)
            times.push(await withPage(daemon, async page => {
                await page.addInitScript(() => {
                    const seen = () => {
                        if (document.querySelectorAll('#series tr[data-series]').length < 20) return requestAnimationFrame(seen);
                        return requestAnimationFrame(() => { globalThis.shown_ms = performance.now(); }); // it is painted now
                    };
                    requestAnimationFrame(seen);
                });
                await page.goto(daemon.url);
                await page.waitForFunction(() => globalThis.shown_ms);
                return page.evaluate(() => globalThis.shown_ms);
            }));
        stop();
        say(`first view, 10,000 series with a sample a second each: median ${median(times).toFixed(0)} ms, worst ${Math.max(...times).toFixed(0)} ms of ${times.length}`);
    });
}

// Frames of `for_s` seconds by the browser's tracing: how many its main thread handed on to be drawn, and the longest wait
// for one. A script that asks for every frame makes those count in which nothing changed, too.
async function framesOf(browser, page, for_s) {
    await browser.startTracing(page, { categories: ['devtools.timeline', 'devtools.timeline.frame', 'disabled-by-default-devtools.timeline'] });
    await page.evaluate(ms => new Promise(resolve => {
        const end = performance.now() + ms;
        const frame = () => performance.now() < end ? requestAnimationFrame(frame) : resolve();
        frame();
    }), for_s * 1000);
    const { traceEvents } = JSON.parse((await browser.stopTracing()).toString());
    const main = traceEvents.filter(e => e.name === 'Commit' && e.ph === 'X').map(e => e.ts / 1000).sort((a, b) => a - b);
    const busy = traceEvents.filter(e => e.name === 'RunTask' && e.dur).map(e => e.dur / 1000);
    const gaps = main.slice(1).map((t, i) => t - main[i]);
    return { drawn: main.length / for_s, gap_ms: Math.max(...gaps), busiest_ms: Math.max(...busy),
        late: gaps.filter(gap => gap > 1000 / 30).length };
}

async function frames() {
    await withDaemon(async daemon => {
        await history(daemon, 60, 120);
        const stop = await live(daemon, waves(60), 100);
        await withPage(daemon, async (page, browser) => {
            await page.goto(`${daemon.url}/?rows=60&sort=name`);
            await rowsShown(page, 60);
            await eventually(async () => await daemon.metric('nablad_http_streams') === 1);
            await seconds(2);
            const { drawn, gap_ms, busiest_ms, late } = await framesOf(browser, page, 10);
            say(`60 charts at 10 points/s: ${drawn.toFixed(1)} frames/s, the longest wait for one ${gap_ms.toFixed(0)} ms ` +
                `(${late} above 33 ms), the longest task ${busiest_ms.toFixed(0)} ms`);
        });
        stop();
    });
}

async function heapOf(session) {
    await session.send('HeapProfiler.collectGarbage');
    await session.send('HeapProfiler.collectGarbage');
    const { usedSize } = await session.send('Runtime.getHeapUsage');
    const { nodes } = await session.send('Memory.getDOMCounters');
    return { usedSize, nodes };
}

// What one page holds after each of its garbage collections, from a minute after it was opened on.
async function heapFor(daemon, what, query, minutes) {
    await withPage(daemon, async page => {
        await page.goto(`${daemon.url}/${query}`);
        await rowsOrChart(page);
        const session = await page.context().newCDPSession(page);
        await seconds(Math.min(60, minutes * 12)); // what it builds up once
        const begin = await heapOf(session);
        const told = [];
        const end_ms = Date.now() + minutes * 60_000;
        while (Date.now() < end_ms) {
            await seconds(Math.max(1, Math.min(minutes * 10, 600, (end_ms - Date.now()) / 1000)));
            told.push((await heapOf(session)).usedSize);
            if (minutes > 20) say(`    ${what}: ${MiB(told.at(-1))}`);
        }
        const end = await heapOf(session);
        say(`${what}, open for ${minutes} min at 10 points/s: ${MiB(begin.usedSize)} at first, ${MiB(end.usedSize)} at the end, ` +
            `at most ${MiB(Math.max(...told))}; nodes ${begin.nodes} and ${end.nodes}`);
    });
}

// Both pages at once, each in a browser of its own.
async function heap(minutes) {
    await withDaemon(async daemon => {
        await history(daemon, 60, 120);
        const stop = await live(daemon, waves(60), 100);
        await Promise.all([['overview, 60 series', '?rows=60&sort=name'], ['a series', '?view=series&match=wave{n="7"}']]
            .map(([what, query]) => heapFor(daemon, what, query, minutes)));
        stop();
        say(`${await daemon.metric('nablad_feed_lost_total').catch(() => 0)} points were not told to the pages`);
    });
}

// Lines a second until `n` were counted, of series that are there.
async function lines(daemon, n) {
    const socket = await daemon.connect();
    const batch = Buffer.from(waves(60)(1).map(([key, value]) => `${key} value=${value}\n`).join('').repeat(200));
    const a_batch = 60 * 200;
    const before = await daemon.metric('nablad_lines_total');
    const began = performance.now();
    for (let sent = 0; sent < n; sent += a_batch)
        if (!socket.write(batch)) await new Promise(resolve => socket.once('drain', resolve));
    await eventually(async () => await daemon.metric('nablad_lines_total') >= before + n);
    const taken = n / ((performance.now() - began) / 1000);
    socket.destroy();
    return taken;
}

async function ingest() {
    const N = 1_000_000;
    const query = '?rows=60&sort=name';
    const ways = {
        'no page': work => work(),
        'a page that follows 60 series': (work, page) => work(page),
        'a page whose browser stands still': async (work, page) => {
            const session = await page.context().newCDPSession(page);
            await session.send('Debugger.enable');
            await session.send('Debugger.pause');
            page.evaluate(() => 1).catch(() => undefined); // the step at which it stops; answered never
            return work(page);
        },
    };
    for (const [what, way] of Object.entries(ways))
        await withDaemon(async daemon => {
            await history(daemon, 60, 4);
            const work = async () => {
                const got = [];
                for (let i = 0; i < 3; i++) got.push(await lines(daemon, N));
                const lost = await daemon.metric('nablad_feed_lost_total').catch(() => 0);
                say(`ingest, ${what}: ${(median(got) / 1e6).toFixed(2)} million lines/s; ${lost} points not told to the page`);
            };
            if (what === 'no page') return work();
            return withPage(daemon, async page => {
                await page.goto(`${daemon.url}/${query}`);
                await rowsShown(page, 60);
                await eventually(async () => await daemon.metric('nablad_http_streams') === 1);
                return way(work, page);
            });
        });
}

// ---- which

const PARTS = { first, frames, heap, ingest };
const argv = process.argv.slice(2);
const at = argv.indexOf('--minutes');
const minutes = at < 0 ? 5 : Number(argv.splice(at, 2)[1]);
const unknown = argv.find(name => !(name in PARTS));
if (unknown !== undefined || !(minutes > 0)) {
    console.error(`./dev bench page [--minutes N] [${Object.keys(PARTS).join('] [')}]`);
    process.exit(2);
}
for (const name of argv.length > 0 ? argv : Object.keys(PARTS)) await PARTS[name](minutes);
