// views/series.ts -- one series, or the list from which one is chosen.
import { ApiError, poll, sentence } from '../api.ts';
import { Detail } from '../detail.ts';
import { el, fill, say } from '../dom.ts';
import { filter, type Filter } from '../filter.ts';
import { seriesLink } from '../label.ts';
import { keyOf, nameOf } from '../metric.ts';
import { change, type Place } from '../place.ts';
import { readings, type Reading } from '../reading.ts';
import { parseSelector } from '../selector.ts';
import type { View } from '../view.ts';

const LISTED = 50;

/** The series whose labels are exactly those that a selector says; null: it says more, or there is none. */
async function exactly(match: string, signal: AbortSignal): Promise<Reading | null> {
    const matchers = parseSelector(match);
    if (matchers === null || matchers.some((m) => m.op !== '=')) return null;
    return (await readings({ match, exact: true, limit: 1 }, signal)).data[0] ?? null;
}

class Series implements View {
    private at: Place;
    private detail: Detail | null = null;
    private readonly box: Filter;
    private readonly body = el('div', { id: 'body' });
    private readonly asking;
    private listed = '';

    constructor(root: HTMLElement, at: Place) {
        this.at = at;
        this.box = filter(at.match, (match) => match !== this.at.match && change({ match }, 'replace'));
        root.append(el('div', { class: 'row tools' }, this.box.node), this.body);
        this.asking = poll((signal) => this.ask(signal), 3000);
    }

    update(at: Place): void {
        const other = at.match !== this.at.match;
        this.at = at;
        this.box.set(at.match);
        if (!other) {
            this.detail?.update(at);
            return;
        }
        this.leave();
        this.asking.now();
    }

    close(): void {
        this.asking.stop();
        this.detail?.close();
    }

    private leave(): void {
        this.detail?.close();
        this.detail = null;
        this.listed = '';
        fill(this.body);
    }

    /** Until there is one series to show; it then asks for itself. */
    private async ask(signal: AbortSignal): Promise<void> {
        if (this.detail !== null) return;
        try {
            const { data, total } = await readings({ match: this.at.match, sort: 'name', limit: LISTED }, signal);
            const one = total > 1 ? await exactly(this.at.match, signal) : data[0] ?? null;
            if (signal.aborted || this.detail !== null) return;
            this.box.fault(null);
            if (one !== null) this.show(one);
            else this.list(data, total);
        } catch (fault) {
            if (!signal.aborted && fault instanceof ApiError) {
                this.box.fault(fault);
                this.leave();
                this.body.append(el('h1', {}, 'Series'), el('p', { class: 'soft' }, sentence(fault)));
            }
            throw fault;
        }
    }

    private show(reading: Reading): void {
        fill(this.body);
        document.title = `${nameOf(reading.metric).slice(0, 80)} \u2013 nablad`;
        this.detail = new Detail(this.body, reading, this.at);
    }

    private list(found: Reading[], total: number): void {
        const now = found.map((r) => keyOf(r.metric)).join('\n');
        if (now === this.listed && now !== '') return;
        this.listed = now;
        const count = el('p', { id: 'count', class: 'soft' });
        say(count, total === 0 ? 'No series matches.' : total > found.length
            ? `The first ${found.length} of ${total.toLocaleString('en')}: choose one, or write a selector.` : `${total} series: choose one.`);
        fill(this.body, el('h1', {}, 'Series'), count,
            el('ul', { class: 'panel choices', id: 'choices' }, ...found.map((r) => el('li', {}, seriesLink(r.metric)))));
    }
}

export function open(root: HTMLElement, at: Place): View {
    return new Series(root, at);
}
