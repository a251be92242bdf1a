// live.ts -- the daemon's event stream: final points as they are born.
//
//     open ──► EventSource ──► point(s), in bunches of one animation frame
//       ▲          │ error: the browser tries again, or we do, at longer and longer intervals
//       └──────────┘ nobody looks: closed; somebody looks again: opened, and `gap` is called
//
// A page draws ten times a second, so more points of a series than that are work for nobody: a stream of many series
// asks for the newest of each; one of a few asks for all, until they come faster than MOST a second or are lost.
// Law: a page that nobody looks at has no stream.
import { url } from './api.ts';
import { setAway } from './health.ts';
import type { Metric } from './metric.ts';

export interface Point {
    metric: Metric;
    time: number;
    value: number | null;
    rate: number | null;
    accel: number | null;
    error?: number;
    trend?: number;
    order: number;
    corrected: boolean;
    unit: string;
}

export interface Ears {
    points(points: Point[]): void;
    /** Points were lost, so many if that is known: what is shown has a hole that history may fill. */
    gap?(lost: number | null): void;
}

export interface Live {
    close(): void;
}

const FIRST_MS = 500;
const SLOWEST_MS = 15000;
const MOST = 200; // points a second, of a stream of all

/** Of the series whose selectors these are, and no others that have further labels. */
export function live(match: string[], ears: Ears, newest: boolean): Live {
    let source: EventSource | null = null;
    let timer = 0;
    let failures = 0;
    let opened = false;
    let bunch: Point[] = [];
    let second = 0;
    let heard = 0; // points in that second

    const tooFast = (): boolean => {
        const now = Math.floor(performance.now() / 1000);
        heard = now === second ? heard + 1 : 1;
        second = now;
        return heard > MOST;
    };
    /** From now on the newest alone. */
    const slowDown = (): void => {
        newest = true;
        look();
    };
    const hand = (): void => {
        const points = bunch;
        bunch = [];
        if (points.length > 0) ears.points(points);
    };
    const onPoint = (event: MessageEvent<string>): void => {
        if (bunch.length === 0) requestAnimationFrame(hand);
        bunch.push(JSON.parse(event.data) as Point);
        if (!newest && tooFast()) slowDown();
    };
    const onLost = (event: MessageEvent<string>): void => {
        ears.gap?.(JSON.parse(event.data).lost as number);
        if (!newest) slowDown();
    };
    const onOpen = (): void => {
        failures = 0;
        setAway(false);
        if (opened) ears.gap?.(null);
        opened = true;
    };
    const onError = (): void => {
        setAway(true, 'The daemon does not answer.');
        if (source?.readyState !== EventSource.CLOSED) return;
        timer = setTimeout(start, Math.min(SLOWEST_MS, FIRST_MS * 2 ** Math.min(failures++, 6)));
    };
    function start(): void {
        source = new EventSource(url('/api/v1/stream', { time: 'unix', newest: newest ? 1 : 0, exact: 1, 'match[]': match }));
        source.addEventListener('open', onOpen);
        source.addEventListener('error', onError);
        source.addEventListener('point', onPoint);
        source.addEventListener('lost', onLost);
    }
    const stop = (): void => {
        clearTimeout(timer);
        source?.close();
        source = null;
    };
    const look = (): void => {
        stop();
        if (!document.hidden) start();
    };
    document.addEventListener('visibilitychange', look);
    look();
    return {
        close() {
            document.removeEventListener('visibilitychange', look);
            stop();
        },
    };
}
