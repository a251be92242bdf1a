// strip.ts -- a figure with its last minutes below: the number now, large, and a filled line that ends in it. Under the
// pointer it says what was when.
import { el, say } from './dom.ts';
import { time } from './format.ts';
import { colour, onColours } from './theme.ts';

export interface Course {
    times: number[];
    values: number[];
}

const H = 56;

export class Strip {
    readonly node: HTMLElement;
    private readonly value = el('span', { class: 'figure-value' });
    private readonly unit = el('span', { class: 'figure-unit' });
    private readonly note = el('p', { class: 'figure-note soft' });
    private readonly canvas = el('canvas', { height: H, role: 'img' });
    private readonly forget: () => void;
    private readonly watch = new ResizeObserver(() => this.draw());
    private course: Course = { times: [], values: [] };
    private said = '';
    private pointed: number | null = null;

    constructor(id: string, private readonly title: string, private readonly write: (v: number) => [string, string],
        private readonly ink: string) {
        this.node = el('section', { id, class: 'panel figure', 'aria-label': title },
            el('h2', {}, title), el('p', { class: 'figure-now' }, this.value, this.unit), this.note, this.canvas);
        this.canvas.addEventListener('pointermove', (event) => this.point(event.offsetX));
        this.canvas.addEventListener('pointerleave', () => this.point(null));
        this.forget = onColours(() => this.draw());
        this.watch.observe(this.canvas);
    }

    /** now: null while it is not known. */
    show(now: number | null, note: string, course: Course, kind = ''): void {
        const [text, unit] = now === null ? ['\u2013', ''] : this.write(now);
        say(this.value, text);
        say(this.unit, unit);
        this.node.dataset.kind = kind;
        this.said = note;
        this.course = course;
        const most = course.values.length === 0 ? 0 : Math.max(...course.values);
        this.canvas.setAttribute('aria-label',
            `${this.title} in the last ${course.times.length} seconds: ${this.write(most).join(' ')} at most`);
        this.tell();
        this.draw();
    }

    close(): void {
        this.forget();
        this.watch.disconnect();
    }

    private tell(): void {
        const { times, values } = this.course;
        const i = this.pointed;
        if (i === null || i >= values.length) say(this.note, this.said);
        else say(this.note, `${this.write(values[i]).join(' ')} at ${time(times[i])}`);
    }

    private point(x: number | null): void {
        const { times } = this.course;
        const n = times.length;
        this.pointed = x === null || n === 0 ? null
            : Math.max(0, Math.min(n - 1, Math.round((x / this.canvas.clientWidth) * (n - 1))));
        this.tell();
        this.draw();
    }

    private draw(): void {
        const scale = Math.min(devicePixelRatio || 1, 2);
        const w = this.canvas.clientWidth;
        const context = this.canvas.getContext('2d');
        if (context === null || w === 0) return;
        this.canvas.width = w * scale;
        this.canvas.height = H * scale;
        context.scale(scale, scale);
        const { values } = this.course;
        const n = values.length;
        if (n < 2) return;
        const most = Math.max(...values) || 1;
        const x = (i: number): number => (i / (n - 1)) * (w - 4) + 1;
        const y = (v: number): number => 3 + (1 - v / most) * (H - 5);
        context.strokeStyle = context.fillStyle = colour(this.ink);
        context.lineWidth = 1.5;
        context.lineJoin = 'round';
        context.beginPath();
        values.forEach((v, i) => context.lineTo(x(i), y(v)));
        context.stroke();
        context.lineTo(x(n - 1), H);
        context.lineTo(x(0), H);
        context.globalAlpha = 0.13;
        context.fill();
        context.globalAlpha = 1;
        const i = this.pointed ?? n - 1;
        context.beginPath();
        context.arc(x(Math.min(i, n - 1)), y(values[Math.min(i, n - 1)]), 2.5, 0, 7);
        context.fill();
    }
}
