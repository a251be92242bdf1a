// detail.ts -- one series: its past by /api/v1/points, its present by the stream, its future by its trend.
//
//     history ─┐              ┌─► chart of values: line, window, trend, forecast, limits, marks
//     stream  ─┼─► track ─────┤
//     reading ─┘   (bounded)  └─► chart of rates: line, error band, trend, thresholds
//
// Time follows what comes in until somebody zooms, moves or pauses; samples are taken in all the same.
import uPlot from 'uplot';
import { ApiError, get, poll, sentence, type Poll } from './api.ts';
import { el, fill, say } from './dom.ts';
import { facts } from './facts.ts';
import { exact, number, seconds, time, unit, utc } from './format.ts';
import { labelList } from './label.ts';
import { live, type Live, type Point } from './live.ts';
import { drawMarks, listMarks, whyOf, type Mark } from './marks.ts';
import { keyOf, labelsOf, nameOf, selectorOf, type Metric } from './metric.ts';
import { Pane, strokeOver, type Gestures, type Level, type Span } from './pane.ts';
import { change, here, type Place } from './place.ts';
import { newest, readings, type Reading } from './reading.ts';
import { curl, saveCsv, savePng } from './save.ts';
import { Standings, standings } from './standing.ts';
import { colour, onColours } from './theme.ts';
import { thresholdsOf, type Threshold } from './thresholds.ts';
import { touch } from './touch.ts';
import { Track } from './track.ts';
import { parabola, perSeconds, shapeOf, WindowPicture } from './window.ts';

export const RANGES = ['10s', '1m', '5m', '15m', '1h', '6h', '24h'];
export const RANGE = '15m';
const DRAW_MS = 100;      // between two drawings of what comes in
const RULES_MS = 2000;    // between two looks at how it stands under its rules
const HISTORY = 2000;     // points of the past at once
const MARKS_MOST = 500;
const SHORTEST_S = 0.02;  // of time that can be zoomed to
const DRAWN = 3000;       // points of a line: more than a chart has pixels

interface Kept {
    metric: Metric;
    points: [number, number | null, number | null, number | null, number | null, number | null][];
    marks?: Mark[];
}

/** Of many points those that a line of so many pixels shows: of each piece its least and its most. */
function pick(values: (number | null)[], from: number, to: number): number[] {
    const n = to - from;
    const step = Math.ceil(n / (DRAWN / 2));
    const out: number[] = [];
    for (let i = from; i < to; i += step) {
        let low = i;
        let high = i;
        for (let k = i; k < Math.min(i + step, to); k++) {
            const v = values[k];
            if (v === null) continue;
            if (v < (values[low] ?? Infinity)) low = k;
            if (v > (values[high] ?? -Infinity)) high = k;
        }
        if (low === high) out.push(low);
        else out.push(Math.min(low, high), Math.max(low, high));
    }
    return out;
}

const section = (title: string, content: HTMLElement): HTMLElement =>
    el('section', { class: 'panel', 'aria-label': title }, el('h2', {}, title), content);

export class Detail {
    private readonly track = new Track();
    private readonly marks = new Map<string, Mark>();
    private reading: Reading;
    private read_ms = performance.now();
    private thresholds: Threshold[] = [];
    private span_s: number;
    private fixed: Span | null = null;
    private panes: Pane[] = [];
    private timer = 0;
    private url_timer = 0;
    private history_timer = 0;
    private hovered: number | null = null;
    private kept = true;
    private closed = false;
    private readonly polls: Poll[];
    private readonly stream: Live;
    private readonly endings: (() => void)[] = [];

    private readonly charts = el('div', { class: 'charts' });
    private readonly chart = el('div', {
        id: 'chart', tabindex: 0, role: 'group',
        'aria-label': 'Value and rate over time. Arrows move, plus and minus zoom, space pauses, Home goes back to what comes in.',
    });
    private readonly readout = el('p', { id: 'readout', class: 'readout' });
    private readonly note = el('p', { id: 'note', class: 'soft', hidden: true });
    private readonly pause = el('button', { type: 'button', id: 'pause', 'aria-pressed': 'false' }, 'Pause');
    private readonly ranges: HTMLButtonElement[];
    private readonly picture = new WindowPicture();
    private readonly facts = el('dl', { class: 'facts', id: 'facts' });
    private readonly rules = new Standings();
    private readonly oddities = el('ul', { class: 'marks', id: 'marks' });
    private readonly command = el('div', { id: 'command', hidden: true });

    constructor(root: HTMLElement, reading: Reading, at: Place) {
        this.reading = reading;
        this.span_s = seconds(at.range || RANGE) || 900;
        this.ranges = RANGES.map((range) => el('button', { type: 'button', 'data-range': range, onclick: () => this.choose(range) }, range));
        root.append(this.head(), this.tools(),
            el('div', { class: 'split' },
                el('div', { class: 'side' },
                    el('div', { class: 'panel plots' }, this.readout, this.chart, this.note),
                    section('Samples out of the ordinary', this.oddities)),
                el('div', { class: 'side' }, this.picture.node, section('Now', this.facts), section('Alert rules', this.rules.node))));
        this.chart.append(this.charts);
        this.polls = [poll((signal) => this.ask(signal), 1000), poll((signal) => this.askRules(signal), RULES_MS),
            poll((signal) => this.recall(signal), 5000)];
        this.stream = live([selectorOf(reading.metric)], {
            points: (points) => this.take(points),
            gap: () => void this.history(),
        }, false);
        this.listen();
        this.update(at);
        this.make();
        this.accept(reading);
    }

    get metric(): Metric {
        return this.reading.metric;
    }

    /** Range and zoom as the URL has them. */
    update(at: Place): void {
        const from = Number(at.more['from']);
        const to = Number(at.more['to']);
        this.span_s = seconds(at.range || RANGE) || 900;
        this.fixed = from < to ? { from, to } : null;
        this.mark();
        void this.history();
        this.draw();
    }

    close(): void {
        this.closed = true;
        this.polls.forEach((p) => p.stop());
        this.stream.close();
        this.endings.forEach((end) => end());
        this.panes.forEach((pane) => pane.close());
        [this.timer, this.url_timer, this.history_timer].forEach((timer) => clearTimeout(timer));
    }

    // ---- what is around the charts

    private head(): HTMLElement {
        return el('div', { class: 'detail-head' },
            el('h1', {}, el('bdi', {}, nameOf(this.metric).slice(0, 400) || '(no name)')),
            el('div', { class: 'long' }, labelList(labelsOf(this.metric))));
    }

    private tools(): HTMLElement {
        const button = (id: string, text: string, label: string, onclick: () => void): HTMLElement =>
            el('button', { type: 'button', id, 'aria-label': label, title: label, onclick }, text);
        return el('div', { class: 'row tools' },
            el('div', { class: 'group-of', role: 'group', 'aria-label': 'Range' }, ...this.ranges),
            el('div', { class: 'group-of', role: 'group', 'aria-label': 'Move' },
                button('earlier', '\u2190', 'Earlier', () => this.move(-0.5)),
                button('zoom-in', '+', 'Zoom in', () => this.scale(0.5)),
                button('zoom-out', '\u2212', 'Zoom out', () => this.scale(2)),
                button('later', '\u2192', 'Later', () => this.move(0.5))),
            this.pause,
            el('div', { class: 'row saves' },
                button('save-csv', 'CSV', 'Save what is seen as CSV', () => saveCsv(this.metric, this.track, this.span())),
                button('save-png', 'PNG', 'Save the picture as PNG', () =>
                    savePng(this.metric, this.panes.map((pane) => pane.plot.ctx.canvas))),
                button('show-curl', 'curl', 'The curl command that gives the same data', () => this.showCommand())));
    }

    private showCommand(): void {
        this.command.hidden = !this.command.hidden;
        if (this.command.hidden) return;
        const text = curl(this.metric, this.span());
        const copy = el('button', { type: 'button', onclick: () => {
            void navigator.clipboard?.writeText(text).then(() => say(copy, 'Copied'), () => undefined);
        } }, 'Copy');
        fill(this.command, el('code', {}, text), navigator.clipboard === undefined ? null : copy);
        this.charts.before(this.command);
        getSelection()?.selectAllChildren(this.command.firstElementChild as Element);
    }

    private mark(): void {
        const range = here().range || RANGE;
        this.ranges.forEach((b) => b.setAttribute('aria-pressed', String(this.fixed === null && b.dataset.range === range)));
        this.pause.setAttribute('aria-pressed', String(this.fixed !== null));
        say(this.pause, this.fixed === null ? 'Pause' : 'Paused: go on');
    }

    private listen(): void {
        this.pause.addEventListener('click', () => this.toggle());
        this.chart.addEventListener('keydown', (event) => this.key(event));
        touch(this.charts, { span: () => this.span(), zoom: (span) => this.zoom(span),
            plot: () => this.panes[0].plot.over.getBoundingClientRect() });
        this.endings.push(onColours(() => this.make()));
        const size = new ResizeObserver(() => this.fit());
        size.observe(this.charts);
        const clock = setInterval(() => this.fixed === null && this.draw(), 1000);
        this.endings.push(() => size.disconnect(), () => clearInterval(clock));
    }

    private key(event: KeyboardEvent): void {
        const doing: Record<string, () => void> = {
            ArrowLeft: () => this.move(-0.1), ArrowRight: () => this.move(0.1),
            '+': () => this.scale(0.5), '=': () => this.scale(0.5), '-': () => this.scale(2),
            Home: () => this.goOn(), Escape: () => this.goOn(), ' ': () => this.toggle(),
        };
        const act = doing[event.key];
        if (act === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
        event.preventDefault();
        act();
    }

    // ---- time

    /** The time of now as the samples have it: that of the newest, and how long ago it came. */
    private now(): number {
        const age = this.reading.age + (performance.now() - this.read_ms) / 1000;
        return (newest(this.reading)?.time ?? Date.now() / 1000) + Math.min(age, this.span_s / 2);
    }

    span(): Span {
        if (this.fixed !== null) return this.fixed;
        const forecast = (this.reading.eta ?? []).some((eta) => eta.seconds !== null);
        const to = this.now() + this.span_s * (forecast ? 0.15 : 0.02);
        return { from: to - this.span_s, to };
    }

    private choose(range: string): void {
        const more = { ...here().more };
        delete more['from'];
        delete more['to'];
        change({ range: range === RANGE ? '' : range, more });
    }

    private zoom(span: Span): void {
        const middle = (span.from + span.to) / 2;
        const half = Math.max(SHORTEST_S, Math.min(span.to - span.from, 366 * 86400)) / 2;
        this.fixed = { from: middle - half, to: middle + half };
        this.mark();
        this.draw();
        clearTimeout(this.url_timer);
        this.url_timer = setTimeout(() => {
            if (this.fixed === null) return;
            const { from, to } = this.fixed;
            change({ more: { ...here().more, from: from.toFixed(3), to: to.toFixed(3) } }, 'replace');
        }, 300);
    }

    private move(by: number): void {
        const { from, to } = this.span();
        this.zoom({ from: from + by * (to - from), to: to + by * (to - from) });
    }

    private scale(by: number): void {
        const { from, to } = this.span();
        const middle = (from + to) / 2;
        this.zoom({ from: middle - ((to - from) / 2) * by, to: middle + ((to - from) / 2) * by });
    }

    private goOn(): void {
        clearTimeout(this.url_timer);
        const { from: _from, to: _to, ...more } = here().more;
        change({ more }, 'replace');
    }

    private toggle(): void {
        if (this.fixed === null) this.zoom(this.span());
        else this.goOn();
    }

    // ---- what comes

    private take(points: Point[]): void {
        const key = keyOf(this.metric);
        for (const p of points) {
            if (keyOf(p.metric) !== key) continue;
            this.track.put({ time: p.time, value: p.value, rate: p.rate, error: p.error ?? null, trend: p.trend ?? null });
        }
        this.draw();
    }

    private async ask(signal: AbortSignal): Promise<void> {
        try {
            const { data } = await readings({ match: selectorOf(this.metric), exact: true, limit: 1 }, signal);
            const mine = data.find((r) => keyOf(r.metric) === keyOf(this.metric));
            if (mine !== undefined) this.accept(mine);
            else this.tell('The series is there no more: it was silent for expire_after, or ended.');
        } catch (fault) {
            if (fault instanceof ApiError) this.tell(sentence(fault));
            throw fault;
        }
    }

    private accept(reading: Reading): void {
        this.reading = reading;
        this.read_ms = performance.now();
        const middle = reading.window.find((s) => s.time === reading.rate?.time);
        if (middle !== undefined && reading.rate !== null && this.track.times[this.track.from(middle.time)] !== middle.time)
            this.track.put({ time: middle.time, value: middle.value, rate: reading.rate.value,
                error: reading.rate.error ?? null, trend: reading.trend?.value ?? null });
        this.picture.show(reading);
        facts(this.facts, reading);
        this.tell(this.kept ? '' : 'This series keeps no points (keep: in nablad.yaml): what is seen has come since the page was opened.');
        this.draw();
    }

    private tell(text: string): void {
        say(this.note, text);
        this.note.hidden = text === '';
    }

    private async askRules(signal: AbortSignal): Promise<void> {
        const all = await standings(this.metric, signal);
        this.rules.show(all);
        this.thresholds = all.flatMap(thresholdsOf);
        this.draw();
    }

    /** The past that is seen, and some before it. */
    private history(): Promise<void> {
        const { from, to } = this.span();
        return this.load(from - (to - from) * 0.1, to, HISTORY).catch(() => undefined);
    }

    /** What came lately beside the stream: marks above all. */
    private recall(_signal: AbortSignal): Promise<void> {
        return this.load(this.now() - 20, this.now() + 3600, 200);
    }

    private async load(start: number, end: number, max_points: number): Promise<void> {
        const all = await get<Kept[]>('/api/v1/points', { 'match[]': selectorOf(this.metric), exact: 1, start: start.toFixed(3),
            end: end.toFixed(3), max_points, time: 'unix', marks: 1 });
        const mine = all.find((s) => keyOf(s.metric) === keyOf(this.metric));
        if (mine === undefined || this.closed) return;
        for (const [t, value, rate, , error, trend] of mine.points) this.track.put({ time: t, value, rate, error, trend });
        if (mine.points.length > 0) this.kept = true;
        else if (max_points === HISTORY && this.fixed === null) this.kept = false;
        this.remember(mine.marks ?? []);
        this.draw();
    }

    private remember(marks: Mark[]): void {
        for (const mark of marks) this.marks.set(`${mark.time} ${mark.what}`, mark);
        for (const key of this.marks.keys()) {
            if (this.marks.size <= MARKS_MOST) break;
            this.marks.delete(key);
        }
        listMarks(this.oddities, [...this.marks.values()]);
    }

    // ---- the charts

    private levels(of: 'value' | 'rate'): Level[] {
        const per = of === 'rate' ? perSeconds(this.reading.unit) : 1;
        const alerts = this.thresholds.filter((t) => t.of === of)
            .map((t): Level => ({ at: t.at * per, text: `${t.rule}: ${t.text}`, kind: 'alert' }));
        const limits = of === 'rate' ? [] : (this.reading.eta ?? [])
            .map((eta): Level => ({ at: eta.limit, text: `limit ${number(eta.limit)}`, kind: 'limit' }));
        return [...limits, ...alerts];
    }

    /** Again with other colours, too. */
    private make(): void {
        this.panes.forEach((pane) => pane.close());
        const gestures: Gestures = {
            span: () => this.span(),
            zoom: (span) => this.zoom(span),
            live: () => this.goOn(),
            hover: (t) => { this.hovered = t; this.read(); },
        };
        const small = innerWidth <= 640;
        const width = Math.max(240, this.charts.clientWidth);
        const line = (ink: string, w = 1.5): uPlot.Series => ({ stroke: colour(ink), width: w, points: { size: 4 } });
        const none: uPlot.Series = { stroke: 'transparent', width: 0, points: { show: false } };
        fill(this.charts);
        this.panes = [
            new Pane(this.holder('Value', 'value'), width, { label: 'Value', height: small ? 220 : 290, series: [line('accent')],
                levels: () => this.levels('value'), over: (u) => this.overValues(u) }, gestures),
            new Pane(this.holder(`Rate ${unit(this.reading.unit)}`, 'rate'), width, { label: 'Rate', height: small ? 190 : 220,
                series: [line('accent'), none, none, { ...line('trend'), points: { show: false } }], bands: [{ series: [2, 3], fill: colour('band') }],
                levels: () => this.levels('rate'), zero: true, over: (u) => this.overRates(u) }, gestures)];
        this.paint();
    }

    private holder(title: string, kind: string): HTMLElement {
        const node = el('div', { class: 'pane', 'data-pane': kind }, el('h2', {}, title));
        this.charts.append(node);
        return node;
    }

    private fit(): void {
        const width = Math.max(240, this.charts.clientWidth);
        for (const pane of this.panes)
            if (pane.plot.width !== width) pane.plot.setSize({ width, height: pane.options.height });
    }

    /** Soon, and not more often than is seen. */
    private draw(): void {
        if (this.timer !== 0 || this.panes.length === 0) return;
        this.timer = setTimeout(() => requestAnimationFrame(() => {
            this.timer = 0;
            if (!this.closed && !document.hidden) this.paint();
        }), DRAW_MS);
    }

    private paint(): void {
        const { track } = this;
        const { from, to } = this.span();
        const shown = pick(track.values, Math.max(0, track.from(from) - 1), Math.min(track.length, track.from(to) + 1));
        const of = (column: (number | null)[]): (number | null)[] => shown.map((i) => column[i]);
        const times = shown.map((i) => track.times[i]);
        const rates = of(track.rates);
        const errors = of(track.errors);
        const edge = (sign: number) => rates.map((r, i) => (r === null || errors[i] === null ? null : r + sign * (errors[i] as number)));
        const last = newest(this.reading);
        const more = last !== undefined && last.value !== null && last.time > (times[times.length - 1] ?? -Infinity) && last.time <= to;
        this.panes[0].plot.setData(more ? [[...times, last.time], [...of(track.values), last.value]] : [times, of(track.values)]);
        this.panes[1].plot.setData([times, rates, edge(1), edge(-1), of(track.trends)]);
        this.read();
    }

    private overValues(u: uPlot): void {
        this.overWindow(u);
        this.overTrend(u);
        const { from, to } = this.span();
        drawMarks(u, [...this.marks.values()].filter((m) => m.time >= from && m.time <= to));
    }

    /** The parabola and its tangents, where they are large enough to be seen. */
    private overWindow(u: uPlot): void {
        const shape = shapeOf(this.reading);
        if (shape === null || shape.samples.length < 3 || shape.slope === null) return;
        const [first, middle, last] = shape.samples;
        if (u.valToPos(last.time, 'x') - u.valToPos(first.time, 'x') < 14) return;
        const wide = last.dt - first.dt;
        const curve: [number, number][] = [];
        for (let i = 0; i <= 40; i++) {
            const dt = first.dt + (wide * i) / 40;
            curve.push([middle.time + dt, parabola(shape, dt)]);
        }
        strokeOver(u, curve, colour('fall'), 2);
        const tangent = (at: { time: number; v: number }, slope: number, ink: string): void =>
            strokeOver(u, [[at.time - wide / 2, at.v - (slope * wide) / 2], [at.time + wide / 2, at.v + (slope * wide) / 2]], colour(ink), 1.5, [5, 3]);
        tangent(middle, shape.slope, 'text');
        if (shape.edge !== null) tangent(last, shape.edge, 'trend');
    }

    /** The trend as far back as a quarter of what is seen, and on to where the next limit is. */
    private overTrend(u: uPlot): void {
        const last = newest(this.reading);
        const slope = (this.reading.trend?.value ?? this.reading.edge?.value ?? null);
        if (last === undefined || last.value === null || slope === null) return;
        const per_s = slope / perSeconds(this.reading.unit);
        const level = this.reading.trend?.level ?? last.value;
        const { from, to } = this.span();
        if (this.reading.trend !== undefined) {
            const back = Math.min((to - from) / 4, last.time - from);
            strokeOver(u, [[last.time - back, level - per_s * back], [last.time, level]], colour('trend'), 1.5);
        }
        for (const eta of this.reading.eta ?? []) {
            if (eta.seconds === null) continue;
            const ahead = Math.min(eta.seconds, to - last.time);
            strokeOver(u, [[last.time, level], [last.time + ahead, level + per_s * ahead]], colour('trend'), 1.5, [3, 4]);
        }
    }

    /** The edge, which is not final: an open circle. */
    private overRates(u: uPlot): void {
        const edge = this.reading.edge;
        if (edge === null || edge.value === null) return;
        const scale = devicePixelRatio || 1;
        u.ctx.strokeStyle = colour('trend');
        u.ctx.lineWidth = 2 * scale;
        u.ctx.beginPath();
        u.ctx.arc(u.valToPos(edge.time, 'x', true), u.valToPos(edge.value, 'y', true), 3.5 * scale, 0, 7);
        u.ctx.stroke();
    }

    /** What stands under the pointer; without one, the newest. */
    private read(): void {
        const { track } = this;
        const n = track.length;
        if (n === 0) {
            say(this.readout, this.reading.why ?? 'Nothing to show yet.');
            return;
        }
        const at = this.hovered ?? Infinity;
        let i = Math.min(n - 1, track.from(at));
        if (i > 0 && Math.abs(track.times[i - 1] - at) < Math.abs(track.times[i] - at)) i--;
        const per = unit(this.reading.unit);
        const error = track.errors[i] === null ? '' : ` \u00b1\u202f${number(track.errors[i], 2)}`;
        const trend = track.trends[i] === null ? '' : `   trend ${number(track.trends[i], 4)} ${per}`;
        const near = this.hovered === null ? undefined : this.markNear(at);
        const t = track.times[i];
        const fraction = (t % 1).toFixed(3).slice(1);
        say(this.readout, `${time(t)}${fraction}   ${number(track.values[i], 7)}   rate ${number(track.rates[i])}${error} ${per}${trend}` +
            (near === undefined ? '' : `   ${whyOf(near)}`));
        this.readout.title = `${utc(t)}  ${exact(track.values[i])}`;
    }

    private markNear(t_s: number): Mark | undefined {
        const { from, to } = this.span();
        const close = ((to - from) / Math.max(1, this.charts.clientWidth)) * 8;
        return [...this.marks.values()].find((m) => Math.abs(m.time - t_s) < close);
    }
}
