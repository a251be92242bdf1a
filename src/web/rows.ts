// rows.ts -- the table of the overview: a row a series, kept as long as the series is shown.
//
//     reading (every few seconds) ──► value, rate, error, limit, age ─┐
//     point of the stream         ──► value, rate, trail              ├──► what has changed is written
//     clock (every second)        ──► age ────────────────────────────┘
import { el, fill, say, svg } from './dom.ts';
import { duration, exact, number, time, unit, utc } from './format.ts';
import { seriesLink } from './label.ts';
import type { Point } from './live.ts';
import { keyOf, nameOf } from './metric.ts';
import { newest, nextLimit, significance, type Reading } from './reading.ts';
import { Spark, Trail } from './spark.ts';

export const TRAIL_S = 600;
const SPARK = { w: 132, h: 28 };
const WRITE_MS = 250; // between two writings of a row's numbers from the stream

export type Way = 'up' | 'down' | 'level' | 'unknown';

/** Of a rate: level where it is no larger than its error. */
export function wayOf(rate: number | null, error = 0): Way {
    if (rate === null) return 'unknown';
    if (rate === 0 || Math.abs(rate) < error) return 'level';
    return rate > 0 ? 'up' : 'down';
}

const SHAPES: Record<Way, string> = {
    up: 'M5 1 9.5 9h-9z', down: 'M5 9 0.5 1h9z', level: 'M0 4h7V1.5L10 5 7 8.5V6H0z', unknown: '',
};
const WORDS: Record<Way, string> = { up: 'rising', down: 'falling', level: 'level', unknown: 'not known' };

export class Row {
    readonly node: HTMLTableRowElement;
    readonly trail = new Trail(TRAIL_S);
    private readonly spark = new Spark(SPARK.w, SPARK.h);
    private readonly value = el('td', { class: 'number value', role: 'cell' });
    private readonly rate = el('span', { class: 'rate-number' });
    private readonly arrow = svg('path');
    private readonly arrowBox: SVGElement;
    private readonly rateCell: HTMLElement;
    private readonly error = el('td', { class: 'number error', role: 'cell' });
    private readonly limit = el('td', { class: 'number eta', role: 'cell' });
    private readonly age = el('td', { class: 'number age', role: 'cell' });
    private way: Way = 'unknown';
    private read_ms = 0;
    private wrote_ms = 0;
    private drawn = false;

    constructor(public reading: Reading) {
        this.arrowBox = svg('svg', { viewBox: '0 0 10 10', class: 'arrow', role: 'img' }, this.arrow);
        this.rateCell = el('td', { class: 'number rate', role: 'cell' }, this.arrowBox, this.rate);
        this.spark.node.setAttribute('aria-label', `The last minutes of ${nameOf(reading.metric)}`);
        this.node = el('tr', { role: 'row', 'data-series': keyOf(reading.metric) },
            el('td', { class: 'which', role: 'cell' }, seriesLink(reading.metric)),
            this.value, this.rateCell, this.error,
            el('td', { class: 'trail', role: 'cell' }, this.spark.node), this.limit, this.age);
        this.update(reading);
    }

    update(reading: Reading): void {
        this.reading = reading;
        this.read_ms = performance.now();
        for (const sample of reading.window) this.trail.put(sample.time, sample.value);
        const last = newest(reading);
        this.writeValue(last?.value ?? null, last?.time);
        const rate = reading.rate ?? reading.edge;
        this.writeRate(rate?.value ?? null, rate?.error, reading.rate === null && rate !== null);
        this.writeLimit();
        this.node.dataset.state = reading.silent ? 'silent' : reading.state;
        this.tick();
        this.redraw();
    }

    /** Numbers are written a few times a second at most: more nobody can read. */
    point(point: Point): void {
        this.trail.put(point.time, point.value);
        this.redraw();
        const now = performance.now();
        if (point.corrected || now - this.wrote_ms < WRITE_MS) return;
        this.wrote_ms = now;
        this.reading.age = 0;
        this.read_ms = now;
        this.writeValue(point.value, point.time);
        this.writeRate(point.rate, point.error, false);
    }

    tick(): void {
        const age = this.reading.age + (performance.now() - this.read_ms) / 1000;
        say(this.age, this.reading.state === 'stale' ? `stale, ${duration(age)}` : duration(age < 1 ? 0 : Math.floor(age)));
    }

    /** In the next frame, once. */
    redraw(): void {
        if (this.drawn) return;
        this.drawn = true;
        requestAnimationFrame(() => {
            this.drawn = false;
            if (this.node.isConnected) this.spark.draw(this.trail);
        });
    }

    private writeValue(value: number | null, t_s?: number): void {
        say(this.value, number(value));
        this.value.title = t_s === undefined ? exact(value) : `${exact(value)} at ${time(t_s)} (${utc(t_s)})`;
    }

    private writeRate(rate: number | null, error: number | undefined, oneSided: boolean): void {
        const per = unit(this.reading.unit);
        const way = wayOf(rate, error);
        if (way !== this.way) {
            this.way = way;
            this.arrow.setAttribute('d', SHAPES[way]);
            this.arrowBox.setAttribute('class', `arrow ${way}`);
        }
        this.arrowBox.setAttribute('aria-label', WORDS[way]);
        say(this.rate, rate === null ? '\u2013' : `${number(rate, 4)} ${per}`);
        this.rateCell.title = rate === null ? this.reading.why ?? 'not known'
            : `${exact(rate)} ${per}, ${WORDS[way]}${oneSided ? '; of two samples, one-sided' : ''}`;
        say(this.error, error === undefined ? '' : `\u00b1\u202f${number(error, 2)}`);
        const sure = significance({ time: 0, value: rate, order: 2, error });
        this.error.title = error === undefined ? '' : `one standard error, ${exact(error)} ${per}` +
            (sure === null ? '' : `; the rate is ${number(sure, 3)} times that`);
    }

    private writeLimit(): void {
        const next = nextLimit(this.reading);
        say(this.limit, next === null ? '' : `${number(next.limit, 4)} in ${duration(next.seconds)}`);
        this.limit.title = next === null || next.time === null ? '' : `at ${time(next.time)} (${utc(next.time)}), if it goes on`;
    }
}

export interface Section {
    title: string | null; /** of a group; null: there are no groups */
    href: string;         /** where all of it is */
    total: number;
    readings: Reading[];
}

const HEADS: [string, string][] = [['Series', 'which'], ['Value', 'number'], ['Rate', 'number'], ['Error', 'number'],
    ['Last minutes', 'trail'], ['Next limit', 'number'], ['Age', 'number']];

export class Rows {
    readonly node: HTMLTableElement;
    private readonly rows = new Map<string, Row>();
    private clock: number;

    constructor() {
        this.node = el('table', { id: 'series', role: 'table', 'aria-label': 'Series' },
            el('thead', { role: 'rowgroup' }, el('tr', { role: 'row' },
                ...HEADS.map(([text, kind]) => el('th', { role: 'columnheader', scope: 'col', class: kind }, text)))));
        this.clock = setInterval(() => this.tick(), 1000);
    }

    close(): void {
        clearInterval(this.clock);
    }

    /** Series that are shown. */
    get shown(): Reading[] {
        return [...this.rows.values()].map((row) => row.reading);
    }

    find(key: string): Row | undefined {
        return this.rows.get(key);
    }

    /** While somebody points at a row it stays where it is. */
    get held(): boolean {
        return this.node.matches(':hover') && this.rows.size > 0;
    }

    redraw(): void {
        this.rows.forEach((row) => row.redraw());
    }

    private tick(): void {
        if (!document.hidden) this.rows.forEach((row) => row.tick());
    }

    /** Writes what is known of those that are shown, and nothing else. */
    refresh(sections: Section[]): void {
        for (const section of sections)
            for (const reading of section.readings) this.rows.get(keyOf(reading.metric))?.update(reading);
    }

    /** Shows these, in this order. */
    show(sections: Section[]): void {
        const old = new Map(this.rows);
        this.rows.clear();
        const bodies = sections.map((section) => {
            const rows = section.readings.map((reading) => this.row(old, reading));
            const body = el('tbody', { role: 'rowgroup' });
            if (section.title !== null) body.append(this.head(section));
            body.append(...rows.map((row) => row.node));
            return body;
        });
        [...this.node.tBodies].forEach((body) => body.remove());
        this.node.append(...bodies);
    }

    private row(old: Map<string, Row>, reading: Reading): Row {
        const key = keyOf(reading.metric);
        const row = old.get(key) ?? new Row(reading);
        if (old.has(key)) row.update(reading);
        this.rows.set(key, row);
        return row;
    }

    private head(section: Section): HTMLElement {
        const link = el('a', { href: section.href }, el('bdi', {}, section.title ?? ''));
        const row = el('tr', { role: 'row', class: 'group' });
        fill(row, el('th', { role: 'rowheader', scope: 'rowgroup', colspan: HEADS.length }, link,
            el('span', { class: 'soft' }, ` ${number(section.total)} series`)));
        return row;
    }
}
