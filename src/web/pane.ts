// pane.ts -- one chart over time: uPlot, with lines of our own over it, and the gestures of the series view.
//
//     drag          zooms            wheel         zooms about the pointer
//     shift + drag  moves            double click  back to what comes in
//
// Elsewhere: keys (detail.ts), fingers (touch.ts).
import uPlot from 'uplot';
import { number } from './format.ts';
import { colour } from './theme.ts';

export interface Span {
    from: number;
    to: number;
}

export interface Gestures {
    span(): Span;
    zoom(span: Span): void;
    live(): void;
    hover(t_s: number | null): void;
}

/** A level that the scale makes room for where it is near enough. */
export interface Level {
    at: number;
    text: string;
    kind: 'limit' | 'alert';
}

const two = (n: number): string => String(n).padStart(2, '0');

function clock(t_s: number, step_s: number): string {
    const d = new Date(t_s * 1000);
    const minutes = `${two(d.getHours())}:${two(d.getMinutes())}`;
    if (step_s >= 86400) return `${two(d.getMonth() + 1)}-${two(d.getDate())}`;
    if (step_s >= 60) return minutes;
    const seconds = `${minutes}:${two(d.getSeconds())}`;
    return step_s >= 1 ? seconds : `${seconds}.${String(d.getMilliseconds()).padStart(3, '0').slice(0, step_s >= 0.1 ? 1 : 3)}`;
}

/** From least to most, with a margin, and with levels that are no further away than the data are high. */
function fit(least: number, most: number, levels: Level[]): [number, number] {
    if (!Number.isFinite(least) || !Number.isFinite(most)) return [-1, 1];
    const size = most - least || Math.abs(most) * 0.1 || 1;
    let low = least;
    let high = most;
    for (const { at } of levels) {
        if (at < low && at > least - 1.2 * size) low = at;
        if (at > high && at < most + 1.2 * size) high = at;
    }
    const margin = (high - low || size) * 0.08;
    return [low - margin, high + margin];
}

function axes(): uPlot.Axis[] {
    const shared: uPlot.Axis = {
        stroke: colour('soft'),
        grid: { stroke: colour('line'), width: 1 },
        ticks: { stroke: colour('line'), width: 1, size: 4 },
        font: '11px system-ui, "DejaVu Sans", sans-serif',
    };
    return [
        { ...shared, size: 28, space: 80, values: (_u, splits, _i, _space, step) => splits.map((t) => clock(t, step)) },
        { ...shared, size: 66, space: 34, values: (_u, splits) => splits.map((v) => number(v, 6)) },
    ];
}

export interface PaneOptions {
    label: string;
    height: number;
    series: uPlot.Series[];
    bands?: uPlot.Band[];
    levels(): Level[];
    zero?: boolean; /** 0 is always seen */
    over(u: uPlot): void;
}

export class Pane {
    readonly plot: uPlot;

    constructor(root: HTMLElement, width: number, readonly options: PaneOptions, gestures: Gestures) {
        this.plot = new uPlot({
            width,
            height: options.height,
            padding: [10, 14, 0, 0],
            legend: { show: false },
            cursor: {
                sync: { key: 'series-view', setSeries: false },
                drag: { x: true, y: false, setScale: false },
                points: { size: 7 },
                bind: {
                    mousedown: (u, _target, handler) => (event) => {
                        if (event.shiftKey) drag(u, event, gestures);
                        else handler(event);
                        return null;
                    },
                    dblclick: () => () => { gestures.live(); return null; },
                },
            },
            scales: {
                x: { time: true, range: () => { const { from, to } = gestures.span(); return [from, to]; } },
                y: {
                    range: (_u, least, most) => options.zero === true
                        ? fit(Math.min(0, least ?? 0), Math.max(0, most ?? 0), options.levels())
                        : fit(least ?? NaN, most ?? NaN, options.levels()),
                },
            },
            axes: axes(),
            series: [{}, ...options.series],
            bands: options.bands,
            hooks: {
                setSelect: [(u) => {
                    const { left, width: wide } = u.select;
                    if (wide > 4) gestures.zoom({ from: u.posToVal(left, 'x'), to: u.posToVal(left + wide, 'x') });
                    u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
                }],
                setCursor: [(u) => gestures.hover(u.cursor.left !== undefined && u.cursor.left >= 0
                    ? u.posToVal(u.cursor.left, 'x') : null)],
                draw: [(u) => {
                    u.ctx.save();
                    u.ctx.beginPath();
                    u.ctx.rect(u.bbox.left, u.bbox.top, u.bbox.width, u.bbox.height);
                    u.ctx.clip();
                    levels(u, options.levels());
                    options.over(u);
                    u.ctx.restore();
                }],
            },
        }, [[], ...options.series.map(() => [])] as uPlot.AlignedData, root);
        this.plot.over.addEventListener('wheel', (event) => wheel(this.plot, event, gestures), { passive: false });
        root.querySelectorAll('canvas').forEach((canvas) => canvas.setAttribute('aria-hidden', 'true'));
    }

    close(): void {
        this.plot.destroy();
    }
}

/** Moves with the pointer, and the time with it. */
function drag(u: uPlot, down: MouseEvent, gestures: Gestures): void {
    const begin = gestures.span();
    const per_px = (begin.to - begin.from) / u.over.clientWidth;
    const move = (event: MouseEvent): void => {
        const by = (down.clientX - event.clientX) * per_px;
        gestures.zoom({ from: begin.from + by, to: begin.to + by });
    };
    const up = (): void => {
        removeEventListener('mousemove', move);
        removeEventListener('mouseup', up);
    };
    addEventListener('mousemove', move);
    addEventListener('mouseup', up);
}

function wheel(u: uPlot, event: WheelEvent, gestures: Gestures): void {
    if (!event.ctrlKey && Math.abs(event.deltaX) <= Math.abs(event.deltaY) && !event.shiftKey) return; // the document scrolls
    event.preventDefault();
    const { from, to } = gestures.span();
    if (!event.ctrlKey) {
        const by = ((event.deltaX || event.deltaY) / u.over.clientWidth) * (to - from);
        gestures.zoom({ from: from + by, to: to + by });
        return;
    }
    const at = u.posToVal(event.offsetX, 'x');
    const by = Math.exp(Math.max(-1, Math.min(1, event.deltaY / 300)));
    gestures.zoom({ from: at - (at - from) * by, to: at + (to - at) * by });
}

function levels(u: uPlot, all: Level[]): void {
    const { ctx, bbox } = u;
    const scale = devicePixelRatio || 1;
    ctx.font = `${11 * scale}px system-ui, "DejaVu Sans", sans-serif`;
    ctx.textBaseline = 'bottom';
    ctx.textAlign = 'left';
    for (const level of all) {
        const y = u.valToPos(level.at, 'y', true);
        if (y < bbox.top || y > bbox.top + bbox.height) continue;
        ctx.strokeStyle = ctx.fillStyle = colour(level.kind === 'alert' ? 'alarm' : 'warn');
        ctx.setLineDash(level.kind === 'alert' ? [] : [6 * scale, 4 * scale]);
        ctx.lineWidth = scale;
        ctx.beginPath();
        ctx.moveTo(bbox.left, y);
        ctx.lineTo(bbox.left + bbox.width, y);
        ctx.stroke();
        ctx.setLineDash([]);
        ctx.strokeStyle = colour('panel');
        ctx.lineWidth = 4 * scale;
        ctx.lineJoin = 'round';
        ctx.strokeText(level.text, bbox.left + 6 * scale, y - 3 * scale);
        ctx.fillText(level.text, bbox.left + 6 * scale, y - 3 * scale);
    }
    ctx.setLineDash([]);
}

/** A line through these places; dashed for what is not yet. */
export function strokeOver(u: uPlot, points: [number, number][], ink: string, width = 1.5, dash: number[] = []): void {
    const scale = devicePixelRatio || 1;
    u.ctx.strokeStyle = ink;
    u.ctx.lineWidth = width * scale;
    u.ctx.setLineDash(dash.map((d) => d * scale));
    u.ctx.beginPath();
    for (const [t, v] of points) u.ctx.lineTo(u.valToPos(t, 'x', true), u.valToPos(v, 'y', true));
    u.ctx.stroke();
    u.ctx.setLineDash([]);
}
