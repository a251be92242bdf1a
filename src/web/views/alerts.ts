// views/alerts.ts -- every rule with its state; of those that are open, their series and how far each is from firing;
// and the notifications that were sent. Rules that fire or are pending are open unless somebody has closed them; a URL
// with an alert's name opens that rule.
import './alerts.css';
import { poll, sentence } from '../api.ts';
import { Card } from '../alerts/card.ts';
import { keyOf, rules, whichOf, type Group, type Rule } from '../alerts/rules.ts';
import { notices } from '../alerts/notices.ts';
import { el, fill, say } from '../dom.ts';
import { change, type Place } from '../place.ts';
import { onColours } from '../theme.ts';
import type { View } from '../view.ts';

const POLL_MS = 2000;
const FEW = 4; // rules of which all are open

const STATES = ['firing', 'pending', 'inactive'] as const;
const WORDS: Record<Rule['state'], string> = { firing: 'firing', pending: 'pending', inactive: 'quiet' };

class Alerts implements View {
    private at: Place;
    private readonly head = el('p', { id: 'rules-count', role: 'status', class: 'soft' });
    private readonly fault = el('p', { class: 'fault', role: 'alert', hidden: true });
    private readonly list = el('div', { class: 'rules', id: 'rules', 'aria-busy': 'true' });
    private readonly empty = el('p', { class: 'panel empty', hidden: true }, 'There are no rules. ',
        el('code', {}, 'rules:'), ' in nablad.yaml names the files that have them.');
    private readonly states: HTMLButtonElement[];
    private readonly cards = new Map<string, Card>();
    private readonly chosen = new Map<string, boolean>();
    private readonly told = notices();
    private readonly asking;
    private readonly forget: () => void;
    private groups: Group[] = [];
    private arrangement = '';
    private lookedFor: string | null = null;

    constructor(root: HTMLElement, at: Place) {
        this.at = at;
        this.states = [['', 'all'], ...STATES.map((s) => [s, WORDS[s]])].map(([state, word]) =>
            el('button', { type: 'button', 'data-state': state, onclick: () => change({ more: { ...this.at.more, state, alert: '' } }) }, word));
        root.append(
            el('div', { class: 'row apart' }, el('h1', {}, 'Alerts'), this.head),
            el('div', { class: 'row tools', role: 'group', 'aria-label': 'Rules that are' }, ...this.states),
            this.fault, this.empty, this.list, this.told.node);
        this.asking = poll((signal) => this.ask(signal), POLL_MS);
        this.forget = onColours(() => this.cards.forEach((card) => card.redraw()));
        this.mark();
    }

    update(at: Place): void {
        this.at = at;
        this.mark();
        this.arrange();
    }

    close(): void {
        this.asking.stop();
        this.told.close();
        this.forget();
        this.cards.forEach((card) => card.close());
    }

    private mark(): void {
        for (const button of this.states)
            button.setAttribute('aria-pressed', String(button.dataset.state === (this.at.more['state'] ?? '')));
    }

    private async ask(signal: AbortSignal): Promise<void> {
        try {
            this.groups = await rules(signal);
        } catch (why) {
            if (!signal.aborted) {
                this.fault.hidden = false;
                say(this.fault, sentence(why));
            }
            throw why;
        }
        this.fault.hidden = true;
        this.arrange();
        this.list.removeAttribute('aria-busy');
    }

    private isOpen(key: string, rule: Rule, all: number): boolean {
        return this.chosen.get(key) ?? (rule.name === this.at.more['alert'] || rule.state !== 'inactive' || all <= FEW);
    }

    private card(key: string, group: Group, rule: Rule): Card {
        let card = this.cards.get(key);
        if (card === undefined) {
            card = new Card(whichOf(group, rule), rule, (open) => {
                this.chosen.set(key, open);
                this.cards.get(key)?.open(open);
            });
            this.cards.set(key, card);
        }
        card.show(rule);
        return card;
    }

    /** A rule that reads otherwise is another one. */
    private arrange(): void {
        const wanted = this.at.more['state'] ?? '';
        const all = this.groups.flatMap((group) => group.rules.map((rule) =>
            ({ group, rule, key: `${keyOf(whichOf(group, rule))}${rule.query}${rule.clear ?? ''}` })));
        const shown = all.filter(({ rule }) => wanted === '' || rule.state === wanted);
        const keys = new Set(all.map(({ key }) => key));
        for (const [key, card] of this.cards) {
            if (keys.has(key)) continue;
            card.close();
            this.cards.delete(key);
        }
        const parts: HTMLElement[] = [];
        let last: Group | null = null;
        for (const { group, rule, key } of shown) {
            if (group !== last && this.groups.length > 1)
                parts.push(el('h2', { title: group.file }, el('bdi', {}, group.name)));
            last = group;
            const card = this.card(key, group, rule);
            card.open(this.isOpen(key, rule, all.length));
            parts.push(card.node);
        }
        const arrangement = shown.map(({ key }) => key).join('\n');
        if (arrangement !== this.arrangement || this.list.childElementCount === 0) fill(this.list, ...parts);
        this.arrangement = arrangement;
        this.empty.hidden = all.length > 0;
        this.tell(all.map(({ rule }) => rule));
        this.find();
    }

    private tell(all: Rule[]): void {
        const counts = STATES.map((state) => [all.filter((rule) => rule.state === state).length, WORDS[state]] as const);
        say(this.head, `${all.length} ${all.length === 1 ? 'rule' : 'rules'}: `
            + counts.filter(([n]) => n > 0).map(([n, word]) => `${n} ${word}`).join(', '));
        this.head.hidden = all.length === 0;
    }

    /** The rule that the URL names comes into sight, once. */
    private find(): void {
        const name = this.at.more['alert'] ?? '';
        if (name === this.lookedFor || this.cards.size === 0) return;
        this.lookedFor = name;
        if (name === '') return;
        const node = [...this.list.children].find((child) => (child as HTMLElement).dataset.rule === name);
        node?.scrollIntoView({ block: 'start' });
    }
}

export function open(root: HTMLElement, at: Place): View {
    return new Alerts(root, at);
}
