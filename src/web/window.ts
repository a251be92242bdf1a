// window.ts -- the three newest samples as nabla sees them: the parabola through them, its tangent at the middle one
// (the rate, final) and at the newest (the edge, provisional).
//
//         s2        v(t) = v1 + rate (t − t1) + accel/2 (t − t1)²
//        ╱          times are differences from the middle sample, which keeps every digit
//   s0 ── s1
import { el, fill, svg } from './dom.ts';
import { duration, number, time, unit, utc } from './format.ts';
import type { Reading, Sample } from './reading.ts';

export interface Shape {
    samples: { dt: number; v: number; time: number }[]; /** dt: seconds from the middle sample, or the only one */
    slope: number | null;                               /** per second, at dt = 0 */
    bend: number;                                       /** per second squared */
    edge: number | null;                                /** per second, at the newest */
}

const PER: Record<string, number> = { '1/s': 1, '1/min': 60, '1/h': 3600 };
export const perSeconds = (per: string): number => PER[per] ?? 1;

/** What is drawn of a reading; null without samples. */
export function shapeOf(reading: Reading): Shape | null {
    const known = reading.window.filter((s): s is Sample & { value: number } => s.value !== null);
    if (known.length === 0) return null;
    const middle = known[known.length >= 3 ? 1 : known.length - 1];
    const per = perSeconds(reading.unit);
    return {
        samples: known.map((s) => ({ dt: s.time - middle.time, v: s.value, time: s.time })),
        slope: known.length >= 3 && reading.rate?.value != null ? reading.rate.value / per : null,
        bend: reading.accel === null ? 0 : reading.accel / per / per,
        edge: reading.edge?.value == null ? null : reading.edge.value / per,
    };
}

/** The parabola at dt, for a window of three. */
export const parabola = (shape: Shape, dt: number): number =>
    shape.samples[1].v + (shape.slope ?? 0) * dt + (shape.bend / 2) * dt * dt;

const W = 340;
const H = 210;
const PAD = { left: 14, right: 14, top: 18, bottom: 30 };

interface Box {
    x(dt: number): number;
    y(v: number): number;
}

function boxOf(shape: Shape): Box {
    const first = shape.samples[0];
    const last = shape.samples[shape.samples.length - 1];
    const wide = last.dt - first.dt || 1;
    const heights = shape.samples.map((s) => s.v);
    if (shape.slope !== null) for (let i = 0; i <= 20; i++) heights.push(parabola(shape, first.dt + (wide * i) / 20));
    const flat = Math.max(...heights) === Math.min(...heights);
    const tall = flat ? 1 : Math.max(...heights) - Math.min(...heights);
    const low = Math.min(...heights) - (flat ? 0.5 : 0);
    return {
        x: (dt) => PAD.left + 16 + ((dt - first.dt) / wide) * (W - PAD.left - PAD.right - 32),
        y: (v) => PAD.top + 12 + (1 - (v - low) / tall) * (H - PAD.top - PAD.bottom - 24),
    };
}

const path = (points: [number, number][]): string =>
    points.map(([x, y], i) => `${i === 0 ? 'M' : 'L'}${x.toFixed(2)} ${y.toFixed(2)}`).join('');

/** A piece of the line with that slope through a sample, some 110 pixels long. */
function tangent(box: Box, at: { dt: number; v: number }, slope: number, kind: string): SVGElement {
    const dx = box.x(at.dt + 1) - box.x(at.dt);
    const dy = box.y(at.v + slope) - box.y(at.v);
    const half = 55 / Math.hypot(dx, dy);
    const [x, y] = [box.x(at.dt), box.y(at.v)];
    return svg('path', { class: `tangent ${kind}`, d: path([[x - dx * half, y - dy * half], [x + dx * half, y + dy * half]]) });
}

function curve(shape: Shape, box: Box): SVGElement {
    const [first, last] = [shape.samples[0].dt, shape.samples[2].dt];
    const over = (last - first) * 0.06;
    const points: [number, number][] = [];
    for (let i = 0; i <= 60; i++) {
        const dt = first - over + ((last - first + 2 * over) * i) / 60;
        points.push([box.x(dt), box.y(parabola(shape, dt))]);
    }
    return svg('path', { class: 'parabola', d: path(points) });
}

/** The picture, drawn anew at each reading. */
export class WindowPicture {
    readonly node: HTMLElement;
    private readonly picture = svg('svg', { viewBox: `0 0 ${W} ${H}`, role: 'img', 'aria-label': 'The window of three samples' });
    private readonly words = el('p', { class: 'soft' });
    private drawn = '';

    constructor() {
        this.node = el('section', { class: 'panel window', id: 'window', 'aria-labelledby': 'window-head' },
            el('h2', { id: 'window-head' }, 'Window'), this.picture,
            el('ul', { class: 'keys' },
                el('li', {}, el('span', { class: 'key parabola' }), 'parabola through the samples'),
                el('li', {}, el('span', { class: 'key central' }), 'rate at the middle, final'),
                el('li', {}, el('span', { class: 'key edge' }), 'edge at the newest')),
            this.words);
    }

    show(reading: Reading): void {
        const now = JSON.stringify([reading.window, reading.rate, reading.edge]);
        if (now === this.drawn) return;
        this.drawn = now;
        const shape = shapeOf(reading);
        fill(this.picture);
        if (shape === null) return;
        this.draw(shape);
        const last = shape.samples[shape.samples.length - 1];
        const wide = last.dt - shape.samples[0].dt;
        fill(this.words, reading.why ?? `${duration(wide)} wide; ${number(shape.slope === null ? null : shape.slope * perSeconds(reading.unit), 4)} ${unit(reading.unit)} at the middle`);
        this.words.title = shape.samples.map((s) => `${number(s.v, 12)} at ${time(s.time)} (${utc(s.time)})`).join('\n');
    }

    private draw(shape: Shape): void {
        const box = boxOf(shape);
        const last = shape.samples[shape.samples.length - 1];
        if (shape.samples.length === 3 && shape.slope !== null) {
            this.picture.append(curve(shape, box), tangent(box, shape.samples[1], shape.slope, 'central'));
        } else if (shape.samples.length === 2)
            this.picture.append(svg('path', { class: 'parabola', d: path(shape.samples.map((s) => [box.x(s.dt), box.y(s.v)])) }));
        if (shape.edge !== null) this.picture.append(tangent(box, last, shape.edge, 'edge'));
        shape.samples.forEach((s, i) => this.picture.append(
            svg('circle', { class: 'sample', cx: box.x(s.dt), cy: box.y(s.v), r: 4.5 }),
            svg('text', { x: Math.min(W - 34, Math.max(34, box.x(s.dt))), y: H - 8, 'text-anchor': 'middle' },
                i === 0 ? time(s.time).slice(-8) : `+${duration(s.dt - shape.samples[0].dt)}`)));
    }
}
