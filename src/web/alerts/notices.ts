// alerts/notices.ts -- who was told of alerts, newest first, and what they answered.
import { get, poll } from '../api.ts';
import { el, say } from '../dom.ts';
import { brief, epoch, time, utc } from '../format.ts';
import { Sheet, type Line } from '../sheet.ts';

interface Notice {
    number: number;
    time: string;
    seconds: number;
    kind: string;
    target: string;
    alert: string;
    alerts: number;
    firing: number;
    outcome: 'taken' | 'refused' | 'failed';
    status: number;
    said: string | null;
}

const FEW = 10; // are shown at first

const OUTCOMES: Record<Notice['outcome'], string> = { taken: 'taken', refused: 'refused', failed: 'failed, sent again' };

function line(n: Notice): Line {
    const t = epoch(n.time);
    const over = n.alerts - n.firing;
    const what = [n.firing > 0 ? `${n.firing} firing` : '', over > 0 ? `${over} over` : ''].filter((text) => text !== '').join(', ');
    return {
        key: String(n.number),
        cells: [
            { text: time(t), title: utc(t) },
            { text: OUTCOMES[n.outcome], kind: n.outcome === 'taken' ? '' : 'bad' },
            { text: n.target, title: n.kind },
            { text: `${n.alert}${n.alerts > 1 ? ` and ${n.alerts - 1} more` : ''}`, title: what },
            { text: what },
            { text: [n.status === 0 ? 'no answer' : String(n.status), n.said ?? ''].filter((part) => part !== '').join(': ') },
            { text: brief(n.seconds), title: `${n.seconds} s` },
        ],
    };
}

export interface Notices {
    node: HTMLElement;
    close(): void;
}

export function notices(): Notices {
    const sheet = new Sheet('notifications-table', 'Notifications', [{ title: 'Sent' }, { title: 'Outcome' }, { title: 'To' },
        { title: 'Alerts' }, { title: 'In it' }, { title: 'Answer' }, { title: 'Took', number: true }]);
    const none = el('p', { class: 'soft note' });
    const more = el('button', { type: 'button', class: 'quiet', hidden: true });
    const node = el('section', { id: 'notifications', class: 'panel', 'aria-labelledby': 'notifications-head', 'aria-busy': 'true' },
        el('h2', { id: 'notifications-head' }, 'Notifications'), none, sheet.node, more);
    let all: Notice[] = [];
    let shown = FEW;
    const show = (): void => {
        sheet.show(all.slice(0, shown).map(line));
        more.hidden = all.length <= FEW;
        say(more, shown === FEW ? `Show all ${all.length}` : 'Show fewer');
    };
    more.addEventListener('click', () => {
        shown = shown === FEW ? Infinity : FEW;
        show();
    });
    const asking = poll(async (signal) => {
        all = await get<Notice[]>('/api/v1/notifications', {}, signal);
        show();
        sheet.node.hidden = all.length === 0;
        none.hidden = all.length > 0;
        say(none, 'Nobody has been told of an alert since nablad began.');
        node.removeAttribute('aria-busy');
    }, 3000);
    return { node, close: asking.stop };
}
