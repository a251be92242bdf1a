// daemon/tables.ts -- the daemon's tables: what it says as rows of text, a table a function.
import { brief, bytes, duration, epoch, exact, number, time, utc } from '../format.ts';
import type { Cell, Line } from '../sheet.ts';
import type { Status } from '../status.ts';

const count = (n: number): Cell => ({ text: number(n), title: exact(n) });
const perSecond = (n: number | null): Cell => ({ text: n === null ? '\u2013' : number(n, 4), title: exact(n) });
/** Something that ought to be 0. */
const bad = (n: number): Cell => ({ ...count(n), kind: n > 0 ? 'bad' : '' });

const formatsOf = (formats: Status['listeners'][0]['formats']): string => {
    const names = Object.entries(formats).sort((a, b) => b[1].lines - a[1].lines);
    if (names.length < 2) return names.map(([name]) => name).join('');
    return names.map(([name, f]) => `${name} ${f.lines_per_second === null ? '' : `${number(f.lines_per_second, 3)}/s`}`).join(', ');
};

export function listeners(s: Status): Line[] {
    return s.listeners.map((l) => ({
        key: l.name,
        cells: [
            { text: l.name },
            { text: formatsOf(l.formats), title: Object.entries(l.formats).map(([name, f]) => `${name}: ${f.lines} lines`).join('\n') },
            perSecond(l.lines_per_second),
            count(l.lines),
            { text: l.bytes_per_second === null ? '\u2013' : `${bytes(l.bytes_per_second)}/s`, title: `${l.bytes} bytes in all` },
            { text: l.name.startsWith('udp') ? '' : number(l.open_connections), title: `${l.connections} since the start` },
            l.name.startsWith('udp') ? bad(l.kernel_drops) : { text: '' },
            bad(l.refused_connections + Object.values(l.refused).reduce((a, b) => a + b, 0)),
        ],
    }));
}

interface Room {
    name: string;
    used: number;
    most: number;
    write: (n: number) => string;
}

const rooms = (s: Status): Room[] => [
    { name: 'Series', used: s.series.count, most: s.series.max, write: number },
    { name: 'Labels of series', used: s.series.label_bytes, most: s.series.max_label_bytes, write: bytes },
    { name: 'Kept points', used: s.series.kept_bytes, most: s.series.max_kept_bytes, write: bytes },
    { name: 'Connections of lines', used: s.ingest.connections, most: s.ingest.max_connections, write: number },
    { name: 'HTTP connections', used: s.http.connections, most: s.http.max_connections, write: number },
    { name: 'Event streams', used: s.http.streams, most: s.http.max_streams, write: number },
    { name: 'Answers on their way', used: s.http.held_bytes, most: s.http.max_held_bytes, write: bytes },
    { name: 'Alerts', used: s.alerts.pending + s.alerts.firing + s.alerts.untold, most: s.alerts.max, write: number },
    { name: 'Journal', used: s.journal.bytes, most: s.journal.max_bytes, write: bytes },
    { name: 'Open files', used: s.process.open_files, most: s.process.max_files, write: number },
];

export function room(s: Status): Line[] {
    return rooms(s).filter(({ most }) => most > 0).map(({ name, used, most, write }) => ({
        key: name,
        cells: [{ text: name }, { text: write(used), title: exact(used), part: used / most }, { text: write(most), title: exact(most) },
            { text: `${number((100 * used) / most, 2)}\u202f%` }],
    }));
}

export function loops(s: Status): Line[] {
    return s.loops.map((l) => ({
        key: l.name,
        cells: [{ text: l.name }, { text: brief(l.lag_seconds), title: `${exact(l.lag_seconds)} s`, kind: l.lag_seconds > 0.25 ? 'bad' : '' }],
    }));
}

const fact = (key: string, cell: Cell): Line => ({ key, cells: [{ text: key }, cell] });

const moment = (text: string | null, now: number): Cell => {
    if (text === null) return { text: 'never' };
    const t = epoch(text);
    return { text: `${duration(Math.max(0, now - t))} ago`, title: `${time(t)} (${utc(t)})` };
};

export function disk(s: Status): Line[] {
    const now = epoch(s.now);
    const lines: Line[] = [];
    if (!s.state.kept && !s.journal.kept)
        return [fact('State', { text: 'in memory alone: state.directory is not set' })];
    if (s.state.kept) {
        const last = moment(s.state.last, now);
        const late = s.state.last === null ? s.uptime : now - epoch(s.state.last);
        lines.push(fact('Last snapshot', { ...last, kind: late > 3 * s.state.interval + 5 ? 'bad' : '' }),
            fact('It took', { text: brief(s.state.took), title: `${exact(s.state.took)} s` }),
            fact('Longest wait of samples for one', { text: brief(s.state.longest_hold), title: `${exact(s.state.longest_hold)} s` }),
            fact('Snapshots', { text: `${number(s.state.snapshots)}, one each ${duration(s.state.interval)}` }),
            fact('That the disk did not take', bad(s.state.failures)),
            fact('Series found at the start', { text: number(s.state.loaded_series) }),
            fact('Not readable at the start', bad(s.state.damaged + s.state.refused_series)));
    }
    if (s.journal.kept)
        lines.push(fact('Journal', { text: `${bytes(s.journal.bytes)} in ${number(s.journal.segments)} files` }),
            fact('Wait for the disk, mean', { text: brief(s.journal.sync), title: `${exact(s.journal.sync)} s` }),
            fact('Refused or failed', bad(s.journal.failures + s.journal.refused)));
    return lines;
}

export function targets(s: Status): Line[] {
    const now = epoch(s.now);
    const push = s.push.map((p): Line => ({
        key: `push ${p.target}`,
        cells: [{ text: p.target }, { text: 'points' }, count(p.sent),
            { text: p.waiting > 0 ? `${number(p.waiting)} (${bytes(p.waiting_bytes)})` : '0', kind: p.waiting > 100000 ? 'warn' : '' },
            p.oldest === null ? { text: '' } : { text: duration(Math.max(0, now - epoch(p.oldest))) },
            bad(p.dropped + p.refused), count(p.retried)],
    }));
    const told = s.notify.map((n): Line => ({
        key: `${n.kind} ${n.target}`,
        cells: [{ text: n.target }, { text: n.up ? n.kind : `${n.kind}, does not answer`, kind: n.up ? '' : 'bad' }, count(n.sent),
            { text: '' }, { text: '' }, bad(n.refused), count(n.retried)],
    }));
    return [...push, ...told];
}

export const events = (s: Status): Line[] => s.events.map((e) => ({
    key: e.event,
    cells: [{ text: e.event }, { text: e.what }, count(e.count)],
}));

export const limits = (s: Status): Line[] => Object.entries(s.limits_reached).map(([name, n]) => ({
    key: name,
    cells: [{ text: name }, count(n)],
}));

export function answers(s: Status): Line[] {
    return [
        fact('Requests answered', count(s.http.requests_2xx)),
        fact('Refused (4xx)', count(s.http.requests_4xx)),
        fact('Failed (5xx)', bad(s.http.requests_5xx)),
        fact('Sent', { text: bytes(s.http.sent_bytes), title: exact(s.http.sent_bytes) }),
        fact('Points that slow readers missed', bad(s.http.stream_points_lost)),
    ];
}
