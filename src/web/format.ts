// format.ts -- numbers, rates, durations and times as people read them; the exact ones go into titles.

const GROUP = /\B(?=(\d{3})+(?!\d))/g;
const THIN = '\u202f';
const MINUS = '\u2212';
const LARGE: [number, string][] = [[1e15, 'P'], [1e12, 'T'], [1e9, 'G'], [1e6, 'M']];

/** Without zeroes that say nothing. */
function trim(text: string): string {
    return text.includes('.') ? text.replace(/0+$/, '').replace(/\.$/, '') : text;
}

function plain(size: number, digits: number): string {
    const before = Math.floor(Math.log10(size)) + 1;
    const [whole, part] = trim(size.toFixed(Math.max(0, Math.min(12, digits - before)))).split('.');
    return whole.replace(GROUP, THIN) + (part === undefined ? '' : `.${part}`);
}

/** 21.437, 1 234.5, 2.5 M, 3.1e−7: `digits` that count; "–" for what is not known. */
export function number(x: number | null | undefined, digits = 5): string {
    if (x === null || x === undefined || Number.isNaN(x)) return '\u2013';
    if (!Number.isFinite(x)) return x > 0 ? '\u221e' : `${MINUS}\u221e`;
    if (x === 0) return '0';
    const size = Math.abs(x);
    const sign = x < 0 ? MINUS : '';
    const step = LARGE.find(([from]) => size >= from);
    if (size >= 1e18 || size < 1e-4) {
        const [mantissa, power] = size.toExponential(Math.max(0, digits - 2)).split('e');
        return `${sign}${trim(mantissa)}e${power.replace('+', '').replace('-', MINUS)}`;
    }
    if (step !== undefined) return `${sign}${plain(size / step[0], digits - 1)}${THIN}${step[1]}`;
    return sign + plain(size, digits);
}

/** 512 B, 18.1 MiB */
export function bytes(n: number | null | undefined): string {
    if (n === null || n === undefined || Number.isNaN(n)) return '\u2013';
    const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
    const power = Math.min(units.length - 1, n < 1 ? 0 : Math.floor(Math.log2(n) / 10));
    return `${number(n / 2 ** (10 * power), 3)}${THIN}${units[power]}`;
}

/** As many digits as tell it from every other number. */
export const exact = (x: number | null | undefined): string =>
    x === null || x === undefined ? 'not known' : String(x);

/** "1/min" → "/min" */
export const unit = (per: string): string => per.replace(/^1/, '');

/** 1.2 s, 45 s, 3 min 20 s, 2 h 5 min, 3 d 4 h */
export function duration(seconds: number | null | undefined): string {
    if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return '\u2013';
    const s = Math.abs(seconds);
    const sign = seconds < 0 ? MINUS : '';
    const two = (large: number, a: string, small: number, b: string): string =>
        `${sign}${large}${THIN}${a}${small > 0 ? ` ${small}${THIN}${b}` : ''}`;
    if (s < 10) return `${sign}${trim(s.toFixed(1))}${THIN}s`;
    if (s < 60) return `${sign}${Math.round(s)}${THIN}s`;
    if (s < 3600) return two(Math.floor(s / 60), 'min', Math.floor(s % 60), 's');
    if (s < 86400) return two(Math.floor(s / 3600), 'h', Math.floor((s % 3600) / 60), 'min');
    return two(Math.floor(s / 86400), 'd', Math.floor((s % 86400) / 3600), 'h');
}

/** The same for what is short: 0.64 ms, 12 ms, 1.2 s */
export const brief = (seconds: number | null | undefined): string =>
    seconds === null || seconds === undefined || !(Math.abs(seconds) < 1) || seconds === 0 ? duration(seconds)
        : `${number(seconds * 1000, 3)}${THIN}ms`;

/** Seconds of "15m", "2h", "1d"; NaN for anything else. */
export function seconds(text: string): number {
    const found = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text);
    const units: Record<string, number> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86400 };
    return found === null ? NaN : Number(found[1]) * units[found[2]];
}

const two = (n: number): string => String(n).padStart(2, '0');

/** Seconds since 1970 of what the daemon writes, as text or as a number. */
export const epoch = (time: string | number): number =>
    typeof time === 'number' ? time : Date.parse(time.replace(/(\.\d{3})\d+/, '$1')) / 1000;

/** 14:03:20 in the viewer's zone; with the day if it is not today. */
export function time(t_s: number): string {
    const d = new Date(t_s * 1000);
    if (Number.isNaN(d.getTime())) return '\u2013';
    const clock = `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`;
    const day = `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}`;
    return new Date().toDateString() === d.toDateString() ? clock : `${day} ${clock}`;
}

/** 2023-11-14T22:13:20.000Z, for titles. */
export function utc(t_s: number): string {
    const d = new Date(t_s * 1000);
    return Number.isNaN(d.getTime()) ? 'not a time' : d.toISOString();
}
