// spark.ts -- the last minutes of a series as a line of a few pixels.
//
// A trail is what this page has seen of a series: kept points where the daemon has any, samples of windows, points of
// the stream. It is bounded, in points and in time, so a page that stays open stays as large as it is.
import { colour } from './theme.ts';

const MOST = 240; // points of a trail; more than a sparkline has pixels

export class Trail {
    private times: number[] = [];
    private values: number[] = [];

    constructor(readonly span_s: number) {}

    /** Adds one, in the place of its time. */
    put(time: number, value: number | null): void {
        if (value === null) return;
        if (this.times.length >= MOST + MOST / 4) this.thin();
        const n = this.times.length;
        if (n === 0 || time > this.times[n - 1]) {
            this.times.push(time);
            this.values.push(value);
            return;
        }
        const i = this.times.findIndex((t) => t >= time);
        if (this.times[i] === time) this.values[i] = value;
        else {
            this.times.splice(i, 0, time);
            this.values.splice(i, 0, value);
        }
    }

    /** What is too old goes; of the older half every other one, if there are still too many. */
    private thin(): void {
        const from = this.times[this.times.length - 1] - this.span_s;
        const first = this.times.findIndex((t) => t >= from);
        const half = this.times.length - MOST / 4;
        const stays = (_: number, i: number): boolean =>
            i >= first && (this.times.length - first <= MOST || i >= half || i % 2 === 0);
        const values = this.values.filter(stays);
        this.times = this.times.filter(stays);
        this.values = values;
    }

    get length(): number {
        return this.times.length;
    }

    /** The line in a box of w by h pixels, its right end at `now`; `level` is in sight, as a line of dashes. */
    draw(context: CanvasRenderingContext2D, w: number, h: number, level: number | null = null): void {
        context.clearRect(0, 0, w, h);
        const n = this.times.length;
        if (n < 2) return;
        const end = this.times[n - 1];
        const begin = Math.max(end - this.span_s, this.times[0]);
        let least = level ?? Infinity;
        let most = level ?? -Infinity;
        for (let i = 0; i < n; i++) {
            if (this.times[i] < begin) continue;
            least = Math.min(least, this.values[i]);
            most = Math.max(most, this.values[i]);
        }
        const x = (t: number): number => 1 + ((t - begin) / (end - begin || 1)) * (w - 4);
        const y = (v: number): number => (most > least ? 2 + (1 - (v - least) / (most - least)) * (h - 4) : h / 2);
        if (level !== null) {
            context.save();
            context.setLineDash([3, 3]);
            context.globalAlpha = 0.7;
            context.beginPath();
            context.moveTo(0, y(level));
            context.lineTo(w, y(level));
            context.stroke();
            context.restore();
        }
        context.beginPath();
        for (let i = 0; i < n; i++) if (this.times[i] >= begin) context.lineTo(x(this.times[i]), y(this.values[i]));
        context.stroke();
        context.beginPath();
        context.arc(x(end), y(this.values[n - 1]), 2, 0, 7);
        context.fill();
    }
}

/** A canvas of that size in CSS pixels, sharp on any screen, that draws a trail when told to. */
export class Spark {
    readonly node: HTMLCanvasElement;
    private readonly context: CanvasRenderingContext2D | null;

    constructor(private readonly w: number, private readonly h: number) {
        const scale = Math.min(devicePixelRatio || 1, 2);
        this.node = document.createElement('canvas');
        this.node.width = w * scale;
        this.node.height = h * scale;
        this.node.className = 'spark';
        this.node.setAttribute('role', 'img');
        this.context = this.node.getContext('2d');
        this.context?.scale(scale, scale);
    }

    draw(trail: Trail, ink = colour('accent'), level: number | null = null): void {
        if (this.context === null) return;
        this.context.strokeStyle = ink;
        this.context.fillStyle = ink;
        this.context.lineWidth = 1.25;
        this.context.lineJoin = 'round';
        trail.draw(this.context, this.w, this.h, level);
    }
}
