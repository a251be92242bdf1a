// try/picture.ts -- values above, gradient below, on one axis; under the pointer the tangent at that value, which is
// what its gradient means. Of a long array the least and the largest of each stretch are drawn: no peak is lost.
import uPlot from 'uplot';
import { el, fill, say } from '../dom.ts';
import { exact, number } from '../format.ts';
import { colour, onColours } from '../theme.ts';

export interface Curve {
    name: string;            /** of the values */
    x: number[];             /** coordinates; seconds since 1970 if `times` */
    xName: string;
    times: boolean;
    per: string;             /** "/s" for times, else '' */
    f: number[];
    gradient: (number | null)[];
}

const MOST = 4000; // points that are drawn

/** Indexes of the least and the largest of each of `stretches` stretches. */
function extremes(values: (number | null)[], stretches: number): number[] {
    const n = values.length;
    const kept: number[] = [];
    for (let s = 0; s < stretches; s++) {
        const from = Math.floor((s * n) / stretches);
        const to = Math.floor(((s + 1) * n) / stretches);
        let low = from;
        let high = from;
        for (let i = from; i < to; i++) {
            if ((values[i] ?? Infinity) < (values[low] ?? Infinity)) low = i;
            if ((values[i] ?? -Infinity) > (values[high] ?? -Infinity)) high = i;
        }
        kept.push(low, high);
    }
    return kept;
}

/** Which points are drawn: the extremes of both curves. */
function thinned({ f, gradient }: Curve): number[] {
    if (f.length <= MOST) return f.map((_, i) => i);
    const kept = new Set([0, f.length - 1, ...extremes(f, MOST / 4), ...extremes(gradient, MOST / 4)]);
    return [...kept].sort((a, b) => a - b);
}

const known = (v: number | null): number | null => (v === null || Number.isNaN(v) ? null : v);

const ascending = (x: number[]): boolean => x.every((v, i) => i === 0 || v > x[i - 1]);

/** uPlot wants x to rise: coordinates that do not are drawn in their order. */
function drawn(curve: Curve): Curve {
    if (ascending(curve.x)) return curve;
    const order = curve.x.map((_, i) => i).sort((a, b) => curve.x[a] - curve.x[b]);
    return { ...curve, x: order.map((i) => curve.x[i]), f: order.map((i) => curve.f[i]),
        gradient: order.map((i) => curve.gradient[i]) };
}

const two = (n: number): string => String(n).padStart(2, '0');

/** 14:03 or 14:03:20 in the viewer's zone; the day where marks are further apart than one. */
function clock(t_s: number, step_s: number): string {
    const d = new Date(t_s * 1000);
    if (step_s >= 86400) return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}`;
    return `${two(d.getHours())}:${two(d.getMinutes())}${step_s < 60 ? `:${two(d.getSeconds())}` : ''}`;
}

function axes(curve: Curve, label: string, foot: boolean): uPlot.Axis[] {
    const line = { stroke: colour('line'), width: 1 };
    const look = { stroke: colour('soft'), grid: line, ticks: line, font: '11px system-ui, sans-serif' };
    const along = (splits: number[], step: number): string[] =>
        splits.map((v) => (curve.times ? clock(v, step) : number(v, 6)));
    return [
        { ...look, size: foot ? 28 : 8, values: (_u, splits, _axis, _space, step) => (foot ? along(splits, step) : splits.map(() => '')) },
        { ...look, size: 62, label, labelSize: 18, labelFont: '11px system-ui, sans-serif',
            values: (_u, splits) => splits.map((v) => number(v, 6)) },
    ];
}

interface Plots {
    move(width: number): void;
    end(): void;
}

/** The tangent at what is under the pointer, a tenth of the width to each side. */
function tangent(u: uPlot, curve: Curve): void {
    const i = u.cursor.idx;
    const slope = i === null || i === undefined ? null : curve.gradient[i];
    if (i === null || i === undefined || slope === null || !Number.isFinite(curve.f[i])) return;
    const reach = ((u.scales.x.max ?? 1) - (u.scales.x.min ?? 0)) / 10;
    const at = (dx: number): [number, number] =>
        [u.valToPos(curve.x[i] + dx, 'x', true), u.valToPos(curve.f[i] + slope * dx, 'y', true)];
    const { ctx, bbox } = u;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    ctx.strokeStyle = colour('fall');
    ctx.lineWidth = 2 * devicePixelRatio;
    ctx.beginPath();
    ctx.moveTo(...at(-reach));
    ctx.lineTo(...at(reach));
    ctx.stroke();
    ctx.restore();
}

function plots(root: HTMLElement, curve: Curve, told: (i: number | null) => void): Plots {
    const width = Math.max(240, root.clientWidth);
    const sync = uPlot.sync(`try-${Math.random()}`);
    const series = (stroke: string): uPlot.Series[] => [{}, { stroke: colour(stroke), width: 1.5, spanGaps: false,
        points: { show: curve.x.length <= 80, size: 5 } }];
    const common = {
        width,
        legend: { show: false },
        cursor: { sync: { key: sync.key }, y: false, drag: { x: true, y: false }, points: { size: 8 } },
        scales: { x: { time: curve.times } },
    };
    const gradientOf = `gradient${curve.per}`;
    const top = new uPlot({ ...common, height: 210, axes: axes(curve, curve.name.length > 30 ? 'value' : curve.name, false),
        series: series('rise'), hooks: { draw: [(u) => tangent(u, curve)],
            setCursor: [(u) => {
                told(u.cursor.idx ?? null);
                u.redraw(false, false);
            }] } }, [curve.x, curve.f.map(known)], root);
    const below = new uPlot({ ...common, height: 190, axes: axes(curve, gradientOf, true), series: series('fall') },
        [curve.x, curve.gradient.map(known)] as uPlot.AlignedData, root);
    sync.sub(top);
    sync.sub(below);
    return {
        move(to) {
            top.setSize({ width: to, height: 210 });
            below.setSize({ width: to, height: 190 });
        },
        end() {
            top.destroy();
            below.destroy();
        },
    };
}

export interface Picture {
    node: HTMLElement;
    show(curve: Curve | null): void;
    close(): void;
}

export function picture(): Picture {
    const canvas = el('div', { class: 'curves' });
    const readout = el('p', { class: 'soft readout' });
    const node = el('div', { class: 'panel picture' }, canvas, readout);
    let shown: Curve | null = null;
    let now: Plots | null = null;

    const tell = (curve: Curve, i: number | null): void => say(readout, i === null
        ? `${curve.xName} along; move over it for a value and its tangent, drag to zoom, click twice for all of it`
        : `${curve.xName} ${curve.times ? new Date(curve.x[i] * 1000).toLocaleString() : exact(curve.x[i])}: `
            + `${curve.name} ${exact(known(curve.f[i]))}, gradient ${exact(known(curve.gradient[i]))}`);
    const draw = (): void => {
        now?.end();
        fill(canvas);
        now = null;
        node.hidden = shown === null;
        if (shown === null) return;
        const all = drawn(shown);
        const kept = thinned(all);
        const curve = { ...all, x: kept.map((i) => all.x[i]), f: kept.map((i) => all.f[i]),
            gradient: kept.map((i) => all.gradient[i]) };
        const low = Math.min(...curve.f.filter(Number.isFinite));
        const high = Math.max(...curve.f.filter(Number.isFinite));
        canvas.setAttribute('role', 'img');
        canvas.setAttribute('aria-label', `${curve.name} between ${number(low)} and ${number(high)}, and its gradient; `
            + 'the table has the numbers');
        now = plots(canvas, curve, (i) => tell(curve, i));
        tell(curve, null);
    };
    const sizes = new ResizeObserver(() => now?.move(Math.max(240, canvas.clientWidth)));
    sizes.observe(canvas);
    const colours = onColours(draw);
    return {
        node,
        show(curve) {
            shown = curve;
            draw();
        },
        close() {
            sizes.disconnect();
            colours();
            now?.end();
        },
    };
}
