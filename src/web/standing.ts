// standing.ts -- how one series stands under each rule that looks at it: what /api/v1/series/rules says. The state is
// the series' own; others under the same rule may stand otherwise.
import { badge, type Kind } from './alarms.ts';
import { inUnit } from './alerts/table.ts';
import type { Near } from './alerts/near.ts';
import { get } from './api.ts';
import { el, fill, say } from './dom.ts';
import { duration, epoch, exact, time, utc } from './format.ts';
import { selectorOf, type Metric } from './metric.ts';

export interface Standing extends Near {
    group: string;
    file: string;
    name: string;
    query: string;
    match: string;
    duration: number; /** seconds that `query` has to hold before it fires */
}

export async function standings(metric: Metric, signal?: AbortSignal): Promise<Standing[]> {
    const [mine] = await get<{ rules: Standing[] }[]>('/api/v1/series/rules', { 'match[]': selectorOf(metric), exact: 1 }, signal);
    return mine?.rules ?? [];
}

const kindOf = (s: Standing): Kind | 'inactive' => (s.noData ? 'nodata' : s.state);

const word = (kind: Kind | 'inactive'): HTMLElement =>
    kind === 'inactive' ? el('span', { class: 'badge calm' }, kind) : badge(kind);

/** since 14:03:20, fires after 5 min */
function sinceOf(s: Standing): { text: string; title: string } {
    const from = s.firedAt ?? s.activeAt;
    if (s.state === 'inactive' || from === null) return { text: '', title: '' };
    const after = s.state === 'pending' && s.duration > 0 ? `, fires after ${duration(s.duration)}` : '';
    return { text: `since ${time(epoch(from))}${after}`, title: utc(epoch(from)) };
}

/** 0.74 /min of 0.5 /min */
function wayOf(s: Standing): { text: string; title: string } {
    if (s.value === null) return { text: '', title: '' };
    const limit = s.threshold === null ? '' : ` of ${inUnit(s.threshold, s)}`;
    return { text: `${inUnit(s.value, s)}${limit}`, title: `${exact(s.value)} of ${exact(s.threshold)}${s.comparison === undefined ? '' : `: ${s.comparison}`}` };
}

const keyOf = (s: Standing): string => JSON.stringify([s.file, s.group, s.name, s.match, s.query]);

class Row {
    readonly node: HTMLElement;
    private readonly state = el('span', {});
    private readonly since = el('span', { class: 'since' });
    private readonly way = el('span', { class: 'way number soft' });
    private shown = '';

    constructor(s: Standing) {
        this.node = el('li', { 'data-rule': s.name }, this.state, el('bdi', { class: 'rule-name' }, s.name),
            el('code', {}, s.query), this.way, this.since);
    }

    show(s: Standing): void {
        const kind = kindOf(s);
        if (kind !== this.shown) fill(this.state, word(kind));
        this.shown = this.node.dataset.state = kind;
        for (const [node, { text, title }] of [[this.since, sinceOf(s)], [this.way, wayOf(s)]] as const) {
            say(node, text);
            node.title = title;
        }
    }
}

/** The list of them; what stays is written only where it is another. */
export class Standings {
    readonly node = el('ul', { class: 'limits', id: 'thresholds' });
    private rows = new Map<string, Row>();

    show(all: Standing[]): void {
        const rows = new Map(all.map((s) => [keyOf(s), this.rows.get(keyOf(s)) ?? new Row(s)]));
        all.forEach((s) => rows.get(keyOf(s))?.show(s));
        const nodes = [...rows.values()].map((row) => row.node);
        if (nodes.length === 0) fill(this.node, el('li', { class: 'soft' }, 'No rule looks at this series.'));
        else if (nodes.length !== this.node.childElementCount || nodes.some((node, i) => this.node.children[i] !== node)) fill(this.node, ...nodes);
        this.rows = rows;
    }
}
