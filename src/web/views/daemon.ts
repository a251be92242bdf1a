// views/daemon.ts -- how nablad is: all of /api/v1/status, what matters most first.
//
//     figures with their last two minutes ─ listeners ─ refusals ─ room ─ disk, loops, targets, the rest
import './daemon.css';
import { poll, sentence } from '../api.ts';
import * as tables from '../daemon/tables.ts';
import { Refusals } from '../daemon/refusals.ts';
import { el, fill, say } from '../dom.ts';
import { bytes, duration, epoch, number, time, utc } from '../format.ts';
import { Sheet, type Column, type Line } from '../sheet.ts';
import { status, type Status } from '../status.ts';
import { Strip } from '../strip.ts';
import type { View } from '../view.ts';

const POLL_MS = 2000;

const numbers = (...titles: string[]): Column[] => titles.map((title) => ({ title, number: true }));
const words = (...titles: string[]): Column[] => titles.map((title) => ({ title }));

interface Part {
    node: HTMLElement;
    show(s: Status): void;
}

/** A table in a panel of its own; hidden while it has no rows, unless `always`. */
function part(id: string, title: string, columns: Column[], lines: (s: Status) => Line[], empty = ''): Part {
    const sheet = new Sheet(`${id}-table`, title, columns);
    const none = el('p', { class: 'soft note', hidden: true }, empty);
    const node = el('section', { id, class: 'panel', 'aria-label': title }, el('h2', {}, title), none, sheet.node);
    return {
        node,
        show(s) {
            const all = lines(s);
            sheet.show(all);
            node.hidden = all.length === 0 && empty === '';
            none.hidden = all.length > 0;
            sheet.node.hidden = all.length === 0;
        },
    };
}

const perSecond = (v: number): [string, string] => [number(v, 4), '/s'];

function lag(v: number): [string, string] {
    return v < 1 ? [number(v * 1000, 3), 'ms'] : [number(v, 3), 's'];
}

/** The last and the worst of what was seen. */
const worst = (values: number[]): number => values.reduce((a, b) => Math.max(a, b), 0);

export function open(root: HTMLElement): View {
    const lines = new Strip('lines', 'Lines', perSecond, 'accent');
    const refused = new Strip('refused-rate', 'Refused', perSecond, 'fall');
    const late = new Strip('lag', 'Lag of the slowest loop', lag, 'trend');
    const figures = [lines, refused, late];
    const refusals = new Refusals();
    const head = el('p', { id: 'which', class: 'soft' });
    const fault = el('p', { class: 'fault', role: 'alert', hidden: true });
    const body = el('div', { class: 'daemon', 'aria-busy': 'true' });
    const parts: Part[] = [
        part('listeners', 'Listeners', [...words('Listener', 'Format'),
            ...numbers('Lines/s', 'Lines', 'Bytes', 'Open', 'Dropped by the kernel', 'Turned away')], tables.listeners),
        { node: refusals.node, show: (s) => refusals.show(s) },
        part('room', 'Room', [...words('Of what'), ...numbers('There is', 'At most', 'Used')], tables.room),
        part('disk', 'State on disk', [...words('What'), ...numbers('Now')], tables.disk),
        part('targets', 'Targets', [...words('Whom nablad tells', 'What'),
            ...numbers('Sent', 'Waiting', 'Oldest waits', 'Lost or refused', 'Sent again')], tables.targets,
        'nablad sends to nobody: push and alerting have no targets.'),
        part('loops', 'Loops', [...words('Loop'), ...numbers('Lag')], tables.loops),
        part('answers', 'HTTP', [...words('What'), ...numbers('Since the start')], tables.answers),
        part('limits', 'Limits that were reached', [...words('Limit'), ...numbers('Times')], tables.limits, 'None was reached.'),
        part('events', 'What else happened to samples', [...words('Event', 'What it is'), ...numbers('Times')], tables.events, 'Nothing yet.'),
    ];
    fill(body, el('div', { class: 'figures' }, ...figures.map(({ node }) => node)), ...parts.map(({ node }) => node));
    root.append(el('div', { class: 'row apart' }, el('h1', {}, 'Daemon'), head), fault, body);

    const show = (s: Status): void => {
        const started = epoch(s.start);
        say(head, `nablad ${s.version}, up ${duration(s.uptime)}, ${bytes(s.process.resident_bytes)} of memory, `
            + `${duration(s.process.cpu_seconds)} of CPU${s.reloads.failed > 0 ? `, ${s.reloads.failed} reloads failed` : ''}`);
        head.title = `since ${time(started)} (${utc(started)})`;
        const course = (values: number[]): { times: number[]; values: number[] } => ({ times: s.history.time, values });
        lines.show(s.totals.lines_per_second, `${number(s.totals.lines)} since the start`, course(s.history.lines_per_second));
        const all = s.refused.reduce((sum, r) => sum + r.count, 0);
        const now = s.refused.reduce((sum, r) => sum + (r.per_second ?? 0), 0);
        refused.show(s.totals.lines_per_second === null ? null : now, all === 0 ? 'none since the start' : `${number(all)} since the start`,
            course(s.history.refused_per_second), now > 0 ? 'bad' : '');
        const slowest = s.loops.reduce((a, b) => (b.lag_seconds > a.lag_seconds ? b : a), s.loops[0]);
        late.show(slowest?.lag_seconds ?? null, `${slowest?.name ?? ''}; ${lag(worst(s.history.lag_seconds)).join('\u202f')} at most in two minutes`,
            course(s.history.lag_seconds), (slowest?.lag_seconds ?? 0) > 0.25 ? 'bad' : '');
        parts.forEach((p) => p.show(s));
        body.removeAttribute('aria-busy');
    };
    const asking = poll(async (signal) => {
        try {
            show(await status(signal));
            fault.hidden = true;
        } catch (why) {
            if (!signal.aborted) {
                fault.hidden = false;
                say(fault, sentence(why));
                body.removeAttribute('aria-busy');
            }
            throw why;
        }
    }, POLL_MS);
    return {
        close() {
            asking.stop();
            figures.forEach((f) => f.close());
        },
    };
}
