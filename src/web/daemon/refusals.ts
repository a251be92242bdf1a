// daemon/refusals.ts -- what was refused, most often first: what it is in plain words, what to do, and the newest of it
// as it came. The bytes are a stranger's: text, isolated, and as long as the daemon lets them be.
import { el, fill, say } from '../dom.ts';
import { epoch, exact, number, time, utc } from '../format.ts';
import type { Example, Refused, Status } from '../status.ts';
import { REMEDIES } from './words.ts';

function example(x: Example): HTMLElement {
    const t = epoch(x.time);
    const from = [x.listener, x.sender === null ? null : `from ${x.sender}`].filter((part) => part !== null).join(' ');
    return el('li', {},
        el('time', { class: 'soft', datetime: utc(t), title: utc(t) }, time(t)),
        el('span', { class: 'soft from' }, from, x.offset > 0 && `, at byte ${x.offset}`),
        el('code', {}, el('bdi', {}, x.text === '' ? '(nothing)' : x.text)));
}

class Entry {
    readonly node: HTMLLIElement;
    private readonly count = el('span', { class: 'number' });
    private readonly rate = el('span', { class: 'number soft' });
    private readonly list = el('ul', { class: 'examples' });
    private shown = '';

    constructor(readonly first: Refused) {
        const remedy = REMEDIES[first.cause];
        this.node = el('li', { 'data-cause': first.cause },
            el('div', { class: 'row apart' },
                el('p', {}, el('code', {}, first.cause), ' ', first.why, remedy !== undefined && el('span', { class: 'remedy' }, remedy)),
                el('p', { class: 'counts' }, this.count, this.rate)),
            this.list);
    }

    show(r: Refused): void {
        say(this.count, number(r.count));
        this.count.title = `${exact(r.count)} ${r.of === 'line' ? 'lines or samples' : 'connections or datagrams'}`;
        say(this.rate, r.per_second !== null && r.per_second > 0 ? `${number(r.per_second, 3)}/s` : '');
        const now = JSON.stringify(r.examples ?? []);
        if (now === this.shown) return;
        this.shown = now;
        fill(this.list, ...(r.examples ?? []).map(example));
    }
}

export class Refusals {
    readonly node: HTMLElement;
    private readonly head = el('h2', { id: 'refused-head' });
    private readonly note = el('p', { class: 'soft note' });
    private readonly list = el('ul', { class: 'refusals' });
    private readonly entries = new Map<string, Entry>();

    constructor() {
        this.node = el('section', { id: 'refused', class: 'panel', 'aria-labelledby': 'refused-head' }, this.head, this.note, this.list);
    }

    show(s: Status): void {
        const all = [...s.refused].sort((a, b) => b.count - a.count);
        say(this.head, all.length === 0 ? 'Nothing was refused' : 'Refused, by cause');
        this.note.hidden = all.length === 0;
        say(this.note, s.examples_shown ? 'With the newest four of each, as they came.'
            : 'What was sent is shown to who has the right admin.');
        for (const r of all) {
            const key = `${r.of} ${r.cause}`;
            let entry = this.entries.get(key);
            if (entry === undefined) {
                this.entries.set(key, (entry = new Entry(r)));
                this.list.append(entry.node);
            }
            entry.show(r);
        }
        this.arrange(all);
    }

    /** In their order, once it is another, and not while somebody is at it. */
    private arrange(all: Refused[]): void {
        if (this.list.matches(':hover, :focus-within')) return;
        all.forEach((r, i) => {
            const node = this.entries.get(`${r.of} ${r.cause}`)?.node;
            if (node !== undefined && this.list.children[i] !== node) this.list.insertBefore(node, this.list.children[i]);
        });
    }
}
