// alerts/card.ts -- one rule: what it says, how it stands, and when it is open its series, page by page. Only a card
// that is open and on the screen asks the daemon, and the longer the answer takes, the less often.
import { poll, sentence, type Poll } from '../api.ts';
import { badge } from '../alarms.ts';
import { el, fill, say } from '../dom.ts';
import { duration } from '../format.ts';
import { near, type NearPage, type Which } from './near.ts';
import type { Rule } from './rules.ts';
import { NearTable } from './table.ts';

const ROWS = 10;
const POLL_MS = 2000;
const REST = 20; // times what an answer took

let ids = 0;

const clause = (word: string, text: string): HTMLElement => el('span', {}, `${word} `, el('code', {}, el('bdi', {}, text)));

function saying(rule: Rule): HTMLElement[] {
    const parts = [clause('when', rule.query), clause('of', rule.match)];
    if (rule.clear !== undefined) parts.push(clause('until', rule.clear));
    if (rule.duration > 0) parts.push(el('span', {}, `for ${duration(rule.duration)}`));
    if (rule.keepFiringFor > 0) parts.push(el('span', {}, `kept ${duration(rule.keepFiringFor)}`));
    return parts;
}

export class Card {
    readonly node: HTMLElement;
    private readonly toggle;
    private readonly state = el('span', { class: 'rule-state' });
    private readonly counts = el('span', { class: 'soft number' });
    private readonly body = el('div', { class: 'rule-body', hidden: true });
    private readonly fault = el('p', { class: 'fault', hidden: true });
    private readonly note = el('p', { class: 'soft', role: 'status' });
    private readonly previous = el('button', { type: 'button', disabled: true }, '\u2190 Previous');
    private readonly next = el('button', { type: 'button', disabled: true }, 'Next \u2192');
    private readonly table: NearTable;
    private readonly watch: IntersectionObserver;
    private asking: Poll | null = null;
    private seen = false;
    private isOpen = false;
    private offset = 0;
    private due_ms = 0;
    private shown: Rule['state'] | null = null;

    constructor(private readonly which: Which, rule: Rule, private readonly onToggle: (open: boolean) => void) {
        const id = `rule-${++ids}`;
        this.table = new NearTable(`${id}-series`, rule.query);
        this.toggle = el('button', { type: 'button', class: 'quiet rule-toggle', 'aria-expanded': 'false', 'aria-controls': id },
            this.state, el('bdi', { class: 'rule-name' }, rule.name));
        this.toggle.addEventListener('click', () => this.onToggle(!this.isOpen));
        this.body.id = id;
        this.body.append(this.fault, this.table.node,
            el('div', { class: 'row apart pager' }, this.note, el('div', { class: 'row' }, this.previous, this.next)));
        this.previous.addEventListener('click', () => this.turn(-ROWS));
        this.next.addEventListener('click', () => this.turn(ROWS));
        this.node = el('article', { class: 'panel rule', 'data-rule': rule.name },
            el('h3', { class: 'rule-head' }, this.toggle, this.counts),
            el('p', { class: 'rule-says soft' }, ...saying(rule)), this.body);
        this.watch = new IntersectionObserver((entries) => this.look(entries[entries.length - 1].isIntersecting));
        this.watch.observe(this.node);
        this.show(rule);
    }

    show(rule: Rule): void {
        if (rule.state === this.shown) return;
        this.shown = rule.state;
        this.node.dataset.state = rule.state;
        fill(this.state, rule.state === 'inactive' ? el('span', { class: 'badge calm' }, 'quiet') : badge(rule.state));
        this.due_ms = 0;
        this.asking?.now();
    }

    open(yes: boolean): void {
        if (yes === this.isOpen) return;
        this.isOpen = yes;
        this.body.hidden = !yes;
        this.toggle.setAttribute('aria-expanded', String(yes));
        this.listen();
    }

    redraw(): void {
        this.table.redraw();
    }

    close(): void {
        this.watch.disconnect();
        this.asking?.stop();
    }

    private look(seen: boolean): void {
        this.seen = seen;
        this.listen();
    }

    private turn(by: number): void {
        this.offset = Math.max(0, this.offset + by);
        this.due_ms = 0;
        this.asking?.now();
    }

    private listen(): void {
        const wanted = this.isOpen && this.seen;
        if (wanted === (this.asking !== null)) return;
        this.asking?.stop();
        this.asking = wanted ? poll((signal) => this.ask(signal), POLL_MS) : null;
    }

    private async ask(signal: AbortSignal): Promise<void> {
        const began = performance.now();
        if (began < this.due_ms) return;
        try {
            const page = await near(this.which, this.offset, ROWS, signal);
            this.fill(page);
        } catch (why) {
            if (!signal.aborted) {
                this.fault.hidden = false;
                say(this.fault, sentence(why));
            }
            throw why;
        }
        const ended = performance.now();
        this.due_ms = ended + REST * (ended - began) - POLL_MS;
    }

    private fill(page: NearPage): void {
        this.fault.hidden = true;
        const last = Math.min(this.offset + page.series.length, page.total);
        this.table.show(page.series, !page.distances);
        this.table.node.hidden = page.total === 0;
        const active = [[page.firing, 'firing'], [page.pending, 'pending']].filter(([n]) => n !== 0).map(([n, word]) => `${n} ${word}`);
        say(this.counts, `${active.length > 0 ? `${active.join(', ')} of ` : ''}${page.total.toLocaleString('en')} series`);
        say(this.note, page.total === 0 ? 'No series matches this rule.'
            : `${this.offset + 1}\u2013${last} of ${page.total.toLocaleString('en')}, nearest first`
                + (page.distances ? '' : '; a condition of == or != alone has no way to go'));
        this.previous.disabled = this.offset === 0;
        this.next.disabled = last >= page.total;
        this.previous.hidden = this.next.hidden = page.total <= ROWS && this.offset === 0;
    }
}
