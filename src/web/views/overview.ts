// views/overview.ts -- alerts first, then the series that change most.
//
// The daemon sorts, filters and counts; the page holds the rows that are seen. These it follows by one stream, and asks
// for their kept points once. While somebody points at the table its order stays.
import { ApiError, get, poll, sentence } from '../api.ts';
import { alarms } from '../alarms.ts';
import { el, fill, say } from '../dom.ts';
import { filter } from '../filter.ts';
import { live, type Live } from '../live.ts';
import { keyOf, selectorOf, type Metric } from '../metric.ts';
import { change, print, type Place } from '../place.ts';
import { readings, type Reading } from '../reading.ts';
import { Rows, TRAIL_S, type Section } from '../rows.ts';
import { narrow } from '../selector.ts';
import { onColours } from '../theme.ts';
import type { View } from '../view.ts';

const POLL_MS = 2000;
const FOLLOW_MS = 3000;  // at most so often another stream
const FOLLOWED = 60;     // series; the daemon takes 64 selectors a stream
const URL_MOST = 24000;  // bytes of an address; the daemon takes 64 KiB of head
const GROUPS = 8;        // on a page,
const OF_A_GROUP = 5;    // and series of each
const SIZES = [20, 60];
const SORTS: [string, string][] = [['-significance', 'Surest change'], ['-magnitude', 'Largest rate'],
    ['-rate', 'Fastest rise'], ['rate', 'Fastest fall'], ['eta', 'Soonest limit'], ['name', 'Name'], ['-age', 'Longest silent']];

const sortOf = (at: Place): string => (at.sort === '' ? SORTS[0][0] : at.sort);
const sizeOf = (at: Place): number => (Number(at.more['rows']) === SIZES[1] ? SIZES[1] : SIZES[0]);

interface Found {
    sections: Section[];
    total: number;
    more: boolean; /** pages after this one */
}

async function oneList(at: Place, signal: AbortSignal): Promise<Found> {
    const size = sizeOf(at);
    const offset = (at.page - 1) * size;
    const { data, total } = await readings({ match: at.match, sort: sortOf(at), limit: size, offset }, signal);
    return { sections: [{ title: null, href: '', total, readings: data }], total, more: offset + size < total };
}

async function oneGroup(at: Place, value: string, signal: AbortSignal): Promise<Section> {
    const match = narrow(at.match, at.group, value);
    const { data, total } = await readings({ match, sort: sortOf(at), limit: OF_A_GROUP }, signal);
    const title = value === '' ? `without ${at.group}` : value;
    return { title, href: print({ ...at, match, group: '', page: 1 }), total, readings: data };
}

/** Values in their order, each with its first series; what has no such label comes behind the last. */
async function groups(at: Place, signal: AbortSignal): Promise<Found> {
    const from = (at.page - 1) * GROUPS;
    const path = `/api/v1/label/${encodeURIComponent(at.group)}/values`;
    const values = await get<string[]>(path, { 'match[]': at.match, limit: from + GROUPS + 1, exposed: 0 }, signal);
    const more = values.length > from + GROUPS;
    const here = values.slice(from, from + GROUPS);
    const [all, ...sections] = await Promise.all([
        readings({ match: at.match, limit: 1 }, signal),
        ...[...here, ...(more ? [] : [''])].map((value) => oneGroup(at, value, signal))]);
    return { sections: sections.filter((s) => s.total > 0), total: all.total, more };
}

/** As many as a request's line has room for; of the others only the list tells. */
function fitting(metrics: Metric[]): string[] {
    let room = URL_MOST;
    const out: string[] = [];
    for (const selector of metrics.slice(0, FOLLOWED).map(selectorOf)) {
        room -= encodeURIComponent(selector).length + 12;
        if (room >= 0) out.push(selector);
    }
    return out;
}

/** History of series that the daemon keeps points of, into their trails. */
async function recall(rows: Rows, fresh: Metric[]): Promise<void> {
    const start = Date.now() / 1000 - TRAIL_S;
    const match = fitting(fresh);
    if (match.length === 0) return;
    const kept = await get<{ metric: Metric; points: [number, number | null][] }[]>('/api/v1/points',
        { 'match[]': match, start, max_points: 120, by: 'value', time: 'unix' });
    for (const { metric, points } of kept) {
        const row = rows.find(keyOf(metric));
        points.forEach(([t, value]) => row?.trail.put(t, value));
        row?.redraw();
    }
}

function choice(id: string, label: string, options: [string, string][], onChange: (value: string) => void):
    { node: HTMLElement; select: HTMLSelectElement } {
    const select = el('select', { id }, ...options.map(([value, text]) => el('option', { value }, text)));
    select.addEventListener('change', () => onChange(select.value));
    return { node: el('label', { class: 'choice' }, el('span', { class: 'soft' }, label), select), select };
}

class Overview implements View {
    private at: Place;
    private readonly rows = new Rows();
    private readonly alarms = alarms();
    private readonly box;
    private readonly sort;
    private readonly group;
    private readonly size;
    private readonly count = el('p', { id: 'count', role: 'status', class: 'soft' });
    private readonly empty = el('p', { class: 'empty', hidden: true });
    private readonly previous = el('button', { type: 'button', id: 'previous', disabled: true }, '\u2190 Previous');
    private readonly next = el('button', { type: 'button', id: 'next', disabled: true }, 'Next \u2192');
    private readonly asking;
    private readonly forget: () => void;
    private stream: Live | null = null;
    private followed = '';
    private followed_ms = -Infinity;
    private follow_timer = 0;
    private moved = true;

    constructor(root: HTMLElement, at: Place) {
        this.at = at;
        this.box = filter(at.match, (match) => match !== this.at.match && change({ match }, 'replace'));
        this.sort = choice('sort', 'Sort', SORTS, (sort) => change({ sort: sort === SORTS[0][0] ? '' : sort }));
        this.group = choice('group', 'Group by', [['', 'nothing']], (group) => change({ group }));
        this.size = choice('rows', 'Rows', SIZES.map((n) => [String(n), String(n)]), (rows) =>
            change({ more: { ...this.at.more, rows: rows === String(SIZES[0]) ? '' : rows } }));
        this.previous.addEventListener('click', () => change({ page: this.at.page - 1 }));
        this.next.addEventListener('click', () => change({ page: this.at.page + 1 }));
        root.append(
            el('h1', { class: 'unseen' }, 'Overview'),
            this.alarms.node,
            el('div', { class: 'row tools' }, this.box.node, this.sort.node, this.group.node, this.size.node),
            el('section', { class: 'panel scroll', 'aria-label': 'Series that change' }, this.rows.node, this.empty),
            el('div', { class: 'row apart pager' }, this.count, el('div', { class: 'row' }, this.previous, this.next)));
        this.mark();
        this.asking = poll((signal) => this.ask(signal), POLL_MS);
        this.forget = onColours(() => this.rows.redraw());
        void this.labels();
    }

    update(at: Place): void {
        this.at = at;
        this.moved = true;
        this.mark();
        this.asking.now();
        void this.labels();
    }

    close(): void {
        this.asking.stop();
        this.alarms.close();
        this.rows.close();
        this.stream?.close();
        this.forget();
        clearTimeout(this.follow_timer);
    }

    private mark(): void {
        this.box.set(this.at.match);
        this.sort.select.value = sortOf(this.at);
        this.size.select.value = String(sizeOf(this.at));
        this.size.node.hidden = this.at.group !== '';
    }

    /** What can be grouped by. */
    private async labels(): Promise<void> {
        const names = await get<string[]>('/api/v1/labels', { 'match[]': this.at.match, exposed: 0, limit: 500 })
            .catch(() => [] as string[]);
        if (this.at.group !== '' && !names.includes(this.at.group)) names.push(this.at.group);
        fill(this.group.select, el('option', { value: '' }, 'nothing'),
            ...names.map((name) => el('option', { value: name }, name === '__name__' ? 'name' : name.slice(0, 60))));
        this.group.select.value = this.at.group;
    }

    private async ask(signal: AbortSignal): Promise<void> {
        const at = this.at;
        try {
            const found = await (at.group === '' ? oneList(at, signal) : groups(at, signal));
            if (signal.aborted) return;
            this.box.fault(null);
            this.show(found);
        } catch (fault) {
            if (!signal.aborted && fault instanceof ApiError) this.refuse(fault);
            throw fault;
        }
    }

    private refuse(fault: ApiError): void {
        this.box.fault(fault);
        if (!this.moved) return;
        this.rows.show([]);
        this.empty.hidden = true;
        this.previous.disabled = this.next.disabled = true;
        say(this.count, sentence(fault));
    }

    private show(found: Found): void {
        if (!this.moved && this.rows.held) this.rows.refresh(found.sections);
        else this.replace(found);
        this.moved = false;
    }

    private replace(found: Found): void {
        const before = new Set(this.rows.shown.map((r) => keyOf(r.metric)));
        this.rows.show(found.sections);
        const shown = this.rows.shown;
        this.empty.hidden = shown.length > 0;
        say(this.empty, this.at.match === '' ? 'No series yet: nothing has been sent.' : 'No series matches this filter.');
        this.previous.disabled = this.at.page <= 1;
        this.next.disabled = !found.more;
        this.tell(found, shown.length);
        const fresh = shown.filter((r) => !before.has(keyOf(r.metric))).map((r) => r.metric);
        if (fresh.length > 0) void recall(this.rows, fresh).catch(() => undefined);
        this.follow(shown);
    }

    private tell(found: Found, shown: number): void {
        const first = (this.at.page - 1) * sizeOf(this.at) + 1;
        const all = `${found.total.toLocaleString('en')} series`;
        if (this.at.group !== '') say(this.count, `${all}, by ${this.at.group}, page ${this.at.page}`);
        else say(this.count, shown === 0 ? all : `${first}\u2013${first + shown - 1} of ${all}`);
    }

    /** One stream for those that are shown; another set of them has to last a moment. */
    private follow(shown: Reading[]): void {
        const match = fitting(shown.map((r) => r.metric)).sort();
        const key = match.join('\n');
        if (key === this.followed) return;
        clearTimeout(this.follow_timer);
        const wait = Math.max(0, this.followed_ms + FOLLOW_MS - performance.now());
        this.follow_timer = setTimeout(() => {
            this.stream?.close();
            this.followed = key;
            this.followed_ms = performance.now();
            this.stream = match.length === 0 ? null : live(match, {
                points: (points) => points.forEach((p) => this.rows.find(keyOf(p.metric))?.point(p)),
            }, true);
        }, wait);
    }
}

export function open(root: HTMLElement, at: Place): View {
    return new Overview(root, at);
}
