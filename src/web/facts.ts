// facts.ts -- all that is known of a series now, as a list of numbers with their units.
import { el, fill } from './dom.ts';
import { duration, exact, number, time, unit, utc } from './format.ts';
import { newest, significance, type Derivative, type Reading } from './reading.ts';

type Fact = [name: string, text: string, title: string];

function derivative(name: string, d: Derivative | { time: number; value: number | null; error?: number } | null, per: string): Fact {
    if (d === null || d.value === null) return [name, '\u2013', 'not known'];
    const error = d.error === undefined ? '' : ` \u00b1\u202f${number(d.error, 2)}`;
    return [name, `${number(d.value)}${error} ${per}`, `${exact(d.value)} ${per} at ${time(d.time)} (${utc(d.time)})`];
}

function factsOf(reading: Reading): Fact[] {
    const per = unit(reading.unit);
    const last = newest(reading);
    const sure = significance(reading.rate);
    const facts: Fact[] = [
        ['Value', number(last?.value, 7), last === undefined ? '' : `${exact(last.value)} at ${time(last.time)} (${utc(last.time)})`],
        derivative('Rate', reading.rate, per),
        derivative('Edge', reading.edge, per)];
    if (sure !== null) facts.push(['Rate over error', number(sure, 3), 'how many standard errors the rate is']);
    facts.push(['Acceleration', reading.accel === null ? '\u2013' : `${number(reading.accel)} ${per}\u00b2`, exact(reading.accel)]);
    if (reading.trend !== undefined) facts.push(derivative('Trend', reading.trend, per));
    for (const eta of reading.eta ?? [])
        facts.push([`Limit ${number(eta.limit)}`, eta.seconds === null ? 'not as it goes' : `in ${duration(eta.seconds)}`,
            eta.time === null ? '' : `at ${time(eta.time)} (${utc(eta.time)})`]);
    if (reading.resets !== undefined) facts.push(['Resets', number(reading.resets), 'of the counter since the series began']);
    if (reading.wraps !== undefined) facts.push(['Overflows', number(reading.wraps), 'of the counter since the series began']);
    facts.push(['Newest sample', last === undefined ? '\u2013' : time(last.time), last === undefined ? '' : utc(last.time)],
        ['Came', `${duration(Math.floor(reading.age))} ago`, 'by the daemon\u2019s clock'],
        ['State', reading.silent ? 'silent' : reading.state, reading.why ?? '']);
    return facts;
}

export const facts = (node: HTMLElement, reading: Reading): void =>
    fill(node, ...factsOf(reading).flatMap(([name, text, title]) => [el('dt', {}, name), el('dd', { title }, text)]));
