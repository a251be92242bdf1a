// alarms.ts -- what alarms, in a few lines, above all else: firing, then pending, then what is silent.
import { get, poll } from './api.ts';
import { el, fill, say } from './dom.ts';
import { duration, epoch, exact, number, time, utc } from './format.ts';
import { labelList } from './label.ts';
import { at, print } from './place.ts';

export interface Alert {
    labels: Record<string, string>;
    annotations: Record<string, string>;
    state: 'pending' | 'firing';
    activeAt: string;
    value: string;
    noData: boolean;
}

export type Kind = 'firing' | 'pending' | 'nodata';
export const KINDS: Kind[] = ['firing', 'pending', 'nodata'];
export const KIND_WORDS: Record<Kind, string> = { firing: 'firing', pending: 'pending', nodata: 'no data' };

export const kindOf = (alert: Alert): Kind => (alert.noData ? 'nodata' : alert.state);

export const badge = (kind: Kind): HTMLElement => el('span', { class: `badge ${kind}` }, KIND_WORDS[kind]);

const SHOWN = 6;

function line(alert: Alert): HTMLElement {
    const { alertname = '', ...labels } = alert.labels;
    const since = epoch(alert.activeAt);
    const text = alert.annotations['summary'] ?? alert.annotations['description'] ?? '';
    return el('li', { 'data-kind': kindOf(alert) },
        badge(kindOf(alert)),
        el('a', { class: 'alarm-name', href: print(at('alerts', { more: { alert: alertname } })) }, el('bdi', {}, alertname)),
        text === '' ? labelList(Object.entries(labels)) : el('bdi', { class: 'alarm-text' }, text),
        el('span', { class: 'number', title: exact(Number(alert.value)) }, number(Number(alert.value))),
        el('span', { class: 'soft number', title: `since ${time(since)} (${utc(since)})` },
            duration(Math.max(0, Date.now() / 1000 - since))));
}

export interface Alarms {
    node: HTMLElement;
    close(): void;
}

export function alarms(): Alarms {
    const head = el('h2', { id: 'alarms-head' }, 'Alerts');
    const list = el('ul', { class: 'alarms' });
    const node = el('section', { id: 'alarms', class: 'panel', 'aria-labelledby': 'alarms-head' }, head, list);
    let last = '';
    const show = (all: Alert[]): void => {
        const sorted = [...all].sort((a, b) => KINDS.indexOf(kindOf(a)) - KINDS.indexOf(kindOf(b)));
        const counts = KINDS.map((kind) => [kind, all.filter((a) => kindOf(a) === kind).length] as const)
            .filter(([, n]) => n > 0);
        node.dataset.worst = counts[0]?.[0] ?? 'none';
        say(head, counts.length === 0 ? 'No alerts'
            : `Alerts: ${counts.map(([kind, n]) => `${n} ${KIND_WORDS[kind]}`).join(', ')}`);
        fill(list, ...sorted.slice(0, SHOWN).map(line));
        if (all.length > SHOWN)
            list.append(el('li', {}, el('a', { href: print(at('alerts')) }, `${all.length - SHOWN} more`)));
    };
    const asking = poll(async (signal) => {
        const { alerts } = await get<{ alerts: Alert[] }>('/api/v1/alerts', {}, signal);
        const now = `${JSON.stringify(alerts)}${Math.floor(Date.now() / 5000)}`;
        if (now !== last) show(alerts);
        last = now;
    }, 2000);
    return { node, close: asking.stop };
}
