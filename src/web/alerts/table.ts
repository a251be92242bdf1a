// alerts/table.ts -- the series under a rule: where each is, how far that is from an alert, when it would be there, and
// a small picture of it with the threshold as a line.
import { get } from '../api.ts';
import { duration, epoch, exact, number, time, unit, utc } from '../format.ts';
import { seriesLink } from '../label.ts';
import { keyOf, nameOf, selectorOf, type Metric } from '../metric.ts';
import { Sheet, type Cell, type Line } from '../sheet.ts';
import { Spark, Trail } from '../spark.ts';
import { colour } from '../theme.ts';
import type { Near } from './near.ts';
import { columnOf } from './rules.ts';

const TRAIL_S = 600;
const MOST_ETA_S = 30 * 86400; // what is further away than that nobody can tell

interface Picture {
    readonly spark: Spark;
    trail: Trail;
    about: string; /** the condition that the trail's values are of */
    threshold: number | null;
    state: Near['state'];
}

/** 0.26 /min */
export const inUnit = (v: number | null, n: Near): string =>
    v === null ? '\u2013' : `${number(v, 4)}${n.unit === null ? '' : `\u202f${unit(n.unit)}`}`;

function wayOf(n: Near): { text: string; title: string } {
    if (n.distance === null) return { text: '\u2013', title: 'not known' };
    if (n.distance > 0 && n.state === 'firing')
        return { text: `${inUnit(n.distance, n)} back`, title: `${exact(n.distance)}; it fires until what clears it holds` };
    if (n.distance > 0) return { text: inUnit(n.distance, n), title: exact(n.distance) };
    return { text: n.distance === 0 ? 'at it' : `${inUnit(-n.distance, n)} beyond`, title: exact(-n.distance) };
}

/** With the comparison that it is of, where there are several. */
function toGo(n: Near): Cell {
    const way = wayOf(n);
    return n.comparison === undefined ? way : { text: way.text, note: n.comparison, title: `${way.title}; of ${n.comparison}` };
}

function when(n: Near): Cell {
    if (n.state === 'firing' || (n.distance !== null && n.distance <= 0)) return { text: '' };
    if (n.approaching === false) return { text: 'not on its way', title: 'as it goes now, it does not come there' };
    if (n.eta === null || n.eta > MOST_ETA_S) return { text: '\u2013', title: 'not known' };
    const t = Date.now() / 1000 + n.eta;
    return { text: `in ${duration(n.eta)}`, title: `if it goes on as it does: ${time(t)} (${utc(t)})` };
}

function since(n: Near): Cell {
    const text = n.firedAt ?? n.activeAt;
    if (text === null) return { text: '' };
    const t = epoch(text);
    return { text: duration(Math.max(0, Date.now() / 1000 - t)), title: `since ${time(t)} (${utc(t)})` };
}

const stateOf = (n: Near): string => (n.noData ? 'no data' : n.seriesState === 'stale' ? 'silent' : n.state === 'inactive' ? '' : n.state);

export class NearTable {
    private readonly sheet: Sheet;
    private readonly pictures = new Map<string, Picture>();

    constructor(id: string, private readonly query: string) {
        this.sheet = new Sheet(id, `Series under ${query}`, [{ title: 'Series' }, { title: '' }, { title: 'Now', number: true },
            { title: 'Limit', number: true }, { title: 'To go', number: true }, { title: 'There', number: true },
            { title: 'Since', number: true }, { title: 'Last minutes' }]);
    }

    get node(): HTMLElement {
        return this.sheet.node;
    }

    /** plain: the condition has no distance. */
    show(all: Near[], plain: boolean): void {
        this.sheet.node.classList.toggle('plain', plain);
        const kept = new Set(all.map((n) => keyOf(n.metric)));
        for (const key of this.pictures.keys()) if (!kept.has(key)) this.pictures.delete(key);
        const fresh = all.filter((n) => this.note(n));
        this.sheet.show(all.map((n) => this.line(n)));
        this.redraw();
        const columns = new Set(fresh.map((n) => columnOf(this.about(n))));
        for (const column of columns)
            if (column !== null)
                void this.recall(column, fresh.filter((n) => columnOf(this.about(n)) === column)).catch(() => undefined);
    }

    redraw(): void {
        for (const p of this.pictures.values())
            p.spark.draw(p.trail, colour(p.state === 'firing' ? 'alarm' : 'accent'), p.threshold);
    }

    private about(n: Near): string {
        return n.comparison ?? this.query;
    }

    /** True: what came before is not known. Values of another comparison are not drawn on. */
    private note(n: Near): boolean {
        const key = keyOf(n.metric);
        const about = this.about(n);
        let picture = this.pictures.get(key);
        const fresh = picture?.about !== about;
        if (picture === undefined) {
            picture = { trail: new Trail(TRAIL_S), spark: new Spark(132, 28), about, threshold: null, state: n.state };
            picture.spark.node.setAttribute('aria-label', `The last minutes of ${nameOf(n.metric)}`);
            this.pictures.set(key, picture);
        }
        if (picture.about !== about) picture.trail = new Trail(TRAIL_S);
        picture.about = about;
        picture.threshold = n.threshold;
        picture.state = n.state;
        picture.trail.put(Date.now() / 1000 - n.age, n.value);
        return fresh;
    }

    private line(n: Near): Line {
        const key = keyOf(n.metric);
        return {
            key,
            cells: [
                { node: () => seriesLink(n.metric) },
                { text: stateOf(n), kind: n.noData ? 'nodata' : n.state },
                { text: inUnit(n.value, n), title: exact(n.value) },
                { text: inUnit(n.threshold, n), title: exact(n.threshold) },
                toGo(n), when(n), since(n),
                { node: () => this.pictures.get(key)?.spark.node ?? document.createTextNode('') },
            ],
        };
    }

    /** What the daemon keeps of them. */
    private async recall(column: string, fresh: Near[]): Promise<void> {
        const points = await get<{ metric: Metric; columns: string[]; points: (number | null)[][] }[]>('/api/v1/points', {
            'match[]': fresh.map((n) => selectorOf(n.metric)).slice(0, 60), exact: 1, start: Date.now() / 1000 - TRAIL_S, max_points: 120,
            by: column === 'value' ? 'value' : undefined, time: 'unix' });
        for (const series of points) {
            const picture = this.pictures.get(keyOf(series.metric));
            const at = series.columns.indexOf(column);
            if (picture === undefined || at < 0 || columnOf(picture.about) !== column) continue;
            for (const row of series.points) if (row[0] !== null) picture.trail.put(row[0], row[at]);
        }
        this.redraw();
    }
}
