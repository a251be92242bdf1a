// A small plant for the page to show: what its configuration says, and the samples that it sends.
//
//     freezers that warm and cool, a tank that fills (and will be full), a pump's meter that only rises, a room's sensor
//     of coarse steps; rules for alerts on the freezers.
import { performance } from 'node:perf_hooks';

export const SECOND = 1_000_000_000n;
export const nowNs = () => BigInt(Date.now()) * 1_000_000n;

const RULES = {
    groups: [{ name: 'cold-chain', rules: [
        { alert: 'FreezerWarming', match: 'temperature{room=~"freezer.*"}', when: 'rate > 1/s', clear: 'rate < 0.2/s',
            labels: { severity: 'page' }, annotations: { summary: '{{ $labels.room }} warms' } },
        { alert: 'TankFull', match: 'level', when: 'value > 1000', for: '1h' },
    ] }],
};

// view(…, { daemon: plant }, …)
export const plant = daemon => ({
    defaults: { keep: '1h', trend: '1m', stale_after: '1h', expire_after: '1d' },
    series: [
        { match: 'temperature', resolution: 0.1 },
        { match: 'level', limits: [100], sigma: 0.05 },
        { match: 'flow_total', kind: 'counter', per: '1m' },
    ],
    rules: daemon.file('rules.yaml', JSON.stringify(RULES)),
});

const wave = (t, period, size) => size * Math.sin(2 * Math.PI * t / period);

// All sensors at t seconds before (negative) or after now.
export function readings(t) {
    const step = x => Math.round(x * 10) / 10;
    return [
        ['temperature,site=plant-03,room=freezer-1', step(-20 + wave(t, 240, 3))],
        ['temperature,site=plant-03,room=freezer-2', step(-18 + wave(t + 60, 300, 2))],
        ['temperature,site=plant-04,room=hall', step(21 + wave(t, 900, 1.5))],
        ['level,site=plant-03,tank=north', 50 + t / 20 + wave(t, 47, 0.05)],
        ['level,site=plant-04,tank=south', 40 - t / 30],
        ['flow_total,site=plant-03,pump=p1', Math.floor(5000 + 3 * t)],
        ['pressure,site=plant-03', 101325 + wave(t, 120, 400)],
    ];
}

// Ten minutes up to now, a sample of each every five seconds.
export async function history(daemon, { seconds = 600, every = 5 } = {}) {
    const now = nowNs();
    const lines = [];
    for (let t = -seconds; t < 0; t += every)
        for (const [key, value] of readings(t)) lines.push(`${key} value=${value} ${now + BigInt(t) * SECOND}`);
    await daemon.send(lines.join('\n'));
}

// Samples from now on, until stop() is called; make(t) gives [key, value] of t seconds since it began.
export async function live(daemon, make = readings, every_ms = 200) {
    const socket = await daemon.connect();
    socket.on('error', () => {}); // a daemon that a test kills
    const began = performance.now();
    const timer = setInterval(() => {
        const t = (performance.now() - began) / 1000;
        const ns = nowNs();
        if (socket.writable) socket.write(make(t).map(([key, value]) => `${key} value=${value} ${ns}\n`).join(''));
    }, every_ms);
    return () => {
        clearInterval(timer);
        socket.destroy();
    };
}
