// track.ts -- what is known of one series over time: points in order, from history and from the stream.
//
// Law: bounded. Past MOST points the older half loses every other one, so that hours at full rate stay a few megabytes.

export interface TrackPoint {
    time: number;
    value: number | null;
    rate: number | null;
    error: number | null;
    trend: number | null;
}

const MOST = 20000;

export class Track {
    times: number[] = [];
    values: (number | null)[] = [];
    rates: (number | null)[] = [];
    errors: (number | null)[] = [];
    trends: (number | null)[] = [];

    get length(): number {
        return this.times.length;
    }

    /** The first that is not before t_s. */
    from(t_s: number): number {
        let low = 0;
        let high = this.times.length;
        while (low < high) {
            const middle = (low + high) >> 1;
            if (this.times[middle] < t_s) low = middle + 1;
            else high = middle;
        }
        return low;
    }

    /** Adds a point, or replaces the one of its time. */
    put(p: TrackPoint): void {
        const n = this.times.length;
        const i = n === 0 || p.time > this.times[n - 1] ? n : this.from(p.time);
        const gone = this.times[i] === p.time ? 1 : 0;
        if (i === n) {
            this.times.push(p.time);
            this.values.push(p.value);
            this.rates.push(p.rate);
            this.errors.push(p.error);
            this.trends.push(p.trend);
        } else {
            this.times.splice(i, gone, p.time);
            this.values.splice(i, gone, p.value);
            this.rates.splice(i, gone, p.rate);
            this.errors.splice(i, gone, p.error);
            this.trends.splice(i, gone, p.trend);
        }
        if (this.times.length > MOST) this.thin();
    }

    private thin(): void {
        const half = this.times.length >> 1;
        const stays = (_: unknown, i: number): boolean => i >= half || i % 2 === 0;
        this.times = this.times.filter(stays);
        this.values = this.values.filter(stays);
        this.rates = this.rates.filter(stays);
        this.errors = this.errors.filter(stays);
        this.trends = this.trends.filter(stays);
    }
}
