// table.ts -- pasted text to columns of numbers: CSV, numbers in rows, JSON lists, and the lines that nablad takes.
//
//     text ──what is it?──► cells | JSON | lines ──► Source[]: one for a table, one a series for lines
//
// Laws: a cell that is neither a number, a time nor missing in a column of numbers is a fault that names its line; nothing
// is guessed or left out in silence. Times become seconds since their first, by whole nanoseconds, so that a difference
// of two of them is right. Elsewhere: what is done with the columns (views/try.ts), code that gives the same (recipe.ts).

export interface Column {
    name: string;
    kind: 'number' | 'time';
    values: number[];     /** NaN is missing; of a time: seconds since the first */
    from_s?: number;      /** of a time: when the first was, seconds since 1970 */
}

export interface Source {
    name: string;         /** of a series: as a selector writes it; '' for a table */
    columns: Column[];    /** all of the same length, at least one; of a series: its time, if it has one, and value */
    left: string[];       /** names of columns that are text */
}

/** What is wrong with the text, as a sentence that names the line. */
export class TableFault extends Error {}

const NUMBER = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i;
const MISSING = /^(nan|na|n\/a|null|none)?$/i;
const INFINITE = /^[-+]?inf(inity)?$/i;
const TIME = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(\.\d{1,9}\d*)?)? ?(Z|[-+]\d\d:?\d\d)?$/i;
const DECIMAL_COMMA = /^[-+]?\d+,\d+$/;

const clipped = (text: string): string => (text.length > 40 ? `${text.slice(0, 40)}…` : text);

const refuse = (line: number, why: string): never => {
    throw new TableFault(`Line ${line}: ${why}`);
};

// ---- cells

/** Nanoseconds since 1970 of RFC 3339, a date, or both with a blank; without a zone it is UTC. */
function timeNs(text: string): bigint | null {
    const found = TIME.exec(text);
    if (found === null) return null;
    const [, day, clock = '00:00', fraction = '.0', zone = 'Z'] = found;
    const ms = Date.parse(`${day}T${clock.length === 5 ? `${clock}:00` : clock}${zone.toUpperCase()}`);
    if (Number.isNaN(ms)) return null;
    return BigInt(ms) * 1000000n + BigInt(fraction.slice(1, 10).padEnd(9, '0'));
}

/** The same of decimal text in seconds. */
function secondsNs(text: string): bigint | null {
    const found = /^(-?)(\d+)(?:\.(\d*))?$/.exec(text);
    if (found === null) return null;
    const size = BigInt(found[2]) * 1000000000n + BigInt((found[3] ?? '').slice(0, 9).padEnd(9, '0'));
    return found[1] === '-' ? -size : size;
}

function sinceFirst(times: bigint[], name: string): Column {
    const from = times[0];
    return { name, kind: 'time', values: times.map((t) => Number(t - from) / 1e9), from_s: Number(from) / 1e9 };
}

function numberIn(cell: string, line: number, where: string): number {
    if (NUMBER.test(cell)) return Number(cell);
    if (MISSING.test(cell)) return NaN;
    if (INFINITE.test(cell)) refuse(line, `${where}“${clipped(cell)}” is infinite; only finite numbers can be sent`);
    if (DECIMAL_COMMA.test(cell))
        refuse(line, `${where}“${clipped(cell)}” is not a number: the decimal sign is a point`);
    return refuse(line, `${where}“${clipped(cell)}” is not a number`);
}

// ---- tables

interface Row {
    line: number;
    cells: string[];
}

/** The cells of a line; a quoted one may hold the delimiter, and "" for a quote. */
function split(text: string, delimiter: string | RegExp, line: number): string[] {
    if (typeof delimiter !== 'string') return text.trim().split(delimiter);
    if (!text.includes('"')) return text.split(delimiter).map((cell) => cell.trim());
    const cells: string[] = [];
    const cell = new RegExp(` *(?:"((?:[^"]|"")*)" *|([^"${delimiter}]*))(${delimiter}|$)`, 'y');
    for (;;) {
        const found = cell.exec(text); // goes on where the last cell ended
        if (found === null) return refuse(line, 'a quote that does not end, or has text beside it');
        cells.push(found[1] !== undefined ? found[1].replace(/""/g, '"') : found[2].trim());
        if (found[3] === '') return cells;
    }
}

function delimiterOf(line: string): string | RegExp {
    return ['\t', ';', ','].find((mark) => line.includes(mark)) ?? /\s+/;
}

const isName = (cell: string): boolean =>
    !NUMBER.test(cell) && !INFINITE.test(cell) && timeNs(cell) === null && !MISSING.test(cell);

function rowsOf(lines: string[]): Row[] {
    const rows: Row[] = [];
    let delimiter: string | RegExp = ',';
    lines.forEach((text, i) => {
        if (text.trim() === '' || text.startsWith('#')) return;
        if (rows.length === 0) delimiter = delimiterOf(text.trim());
        const cells = split(text, delimiter, i + 1);
        const width = rows[0]?.cells.length ?? cells.length;
        if (cells.length !== width)
            refuse(i + 1, `${counted(cells.length, 'column')}; the first line has ${width}`);
        rows.push({ line: i + 1, cells });
    });
    return rows;
}

export const counted = (n: number, thing: string): string => `${n} ${thing}${n === 1 ? '' : 's'}`;

function columnAt(rows: Row[], i: number, name: string): Column | null {
    const first = rows.find(({ cells }) => !MISSING.test(cells[i]));
    if (first === undefined) return { name, kind: 'number', values: rows.map(() => NaN) };
    if (timeNs(first.cells[i]) !== null) {
        const times = rows.map(({ line, cells }) =>
            timeNs(cells[i]) ?? refuse(line, `column ${name}: “${clipped(cells[i])}” is not a time`));
        return sinceFirst(times, name);
    }
    if (isName(first.cells[i]) && !DECIMAL_COMMA.test(first.cells[i])) return null;
    const where = rows[0].cells.length > 1 ? `column ${name}: ` : '';
    return { name, kind: 'number', values: rows.map(({ line, cells }) => numberIn(cells[i], line, where)) };
}

/** a, b, a → a, b, a (3) */
const distinct = (names: string[]): string[] =>
    names.map((name, i) => (names.indexOf(name) < i ? `${name} (${i + 1})` : name));

function table(lines: string[]): Source {
    let rows = rowsOf(lines);
    if (rows.length === 0) throw new TableFault('There are no numbers: only comments and empty lines');
    const headed = rows[0].cells.every(isName);
    const names = distinct(rows[0].cells.map((cell, i) =>
        (headed ? cell : rows[0].cells.length > 1 ? `column ${i + 1}` : 'f')));
    if (headed) rows = rows.slice(1);
    if (rows.length === 0) throw new TableFault(`There are no numbers below the heading “${clipped(names.join(', '))}”`);
    if (!headed && rows.length === 1 && names.length > 1) { // numbers in a row
        const [{ line, cells }] = rows;
        return { name: '', columns: [{ name: 'f', kind: 'number', values: cells.map((c) => numberIn(c, line, '')) }], left: [] };
    }
    const columns = names.map((name, i) => columnAt(rows, i, name));
    const found = columns.filter((column): column is Column => column !== null);
    if (!found.some(({ kind }) => kind === 'number'))
        throw new TableFault(`No column has numbers: “${clipped(rows[0].cells.join(', '))}” is the first row`);
    return { name: '', columns: found, left: names.filter((_, i) => columns[i] === null) };
}

// ---- lists of JSON

function jsonNumber(value: unknown, where: string): number {
    if (value === null) return NaN;
    if (typeof value === 'number') return value;
    throw new TableFault(`${where} is ${JSON.stringify(value).slice(0, 40)}, which is not a number`);
}

function jsonList(text: string): Source {
    let list: unknown;
    try {
        list = JSON.parse(text);
    } catch (fault) {
        throw new TableFault(`It begins like a list of JSON, but is none: ${(fault as Error).message}`);
    }
    if (!Array.isArray(list) || list.length === 0) throw new TableFault('The list is empty');
    if (!Array.isArray(list[0]))
        return { name: '', left: [],
            columns: [{ name: 'f', kind: 'number', values: list.map((v, i) => jsonNumber(v, `f[${i}]`)) }] };
    const width = list[0].length;
    list.forEach((row, i) => {
        if (!Array.isArray(row) || row.length !== width)
            throw new TableFault(`f[${i}] has not the length of f[0], ${width}`);
    });
    const columns = Array.from({ length: width }, (_, k): Column => ({
        name: `column ${k + 1}`, kind: 'number',
        values: (list as unknown[][]).map((row, i) => jsonNumber(row[k], `f[${i}][${k}]`)) }));
    return { name: '', columns, left: [] };
}

// ---- nablad's lines

interface Sample {
    key: string;
    value: number;
    ns: bigint | null;
}

const quoted = (text: string): string => JSON.stringify(text);

function selector(metric: string, labels: [string, string][]): string {
    const plain = /^[a-zA-Z_:][\w:]*$/.test(metric);
    const all = labels.map(([name, value]) => `${name}=${quoted(value)}`);
    if (!plain) all.unshift(`__name__=${quoted(metric)}`);
    return (plain ? metric : '') + (all.length > 0 ? `{${all.join(',')}}` : '');
}

/** Cuts at a mark that no backslash and no quotes protect. */
function cut(text: string, mark: string): string[] {
    const parts = [''];
    for (const [piece] of text.matchAll(/\\.|"(?:[^"\\]|\\.)*"|[^\\"]|./gs)) {
        if (piece === mark) parts.push('');
        else parts[parts.length - 1] += piece;
    }
    return parts;
}

const bare = (text: string): string => text.replace(/\\([,= ])/g, '$1');

function influx(text: string, line: number): Sample[] {
    const [head, fields = '', stamp, more] = cut(text, ' ').filter((part) => part !== '');
    if (more !== undefined || (stamp !== undefined && !/^-?\d+$/.test(stamp)))
        refuse(line, `“${clipped(more ?? stamp)}” is not a timestamp`);
    const [metric, ...tags] = cut(head, ',').map((part) => cut(part, '=').map(bare));
    const labels = tags.map(([name, value = '']): [string, string] => [name, value]);
    return cut(fields, ',').map((part) => cut(part, '=')).filter(([, value]) => !value?.startsWith('"'))
        .map(([field, value = '']) => ({
            key: selector(metric[0] + (field === 'value' ? '' : `_${bare(field)}`), labels),
            value: /^(t|true)$/i.test(value) ? 1 : /^(f|false)$/i.test(value) ? 0
                : numberIn(value.replace(/[iu]$/, ''), line, ''),
            ns: stamp === undefined ? null : BigInt(stamp) }));
}

function graphite(text: string, line: number): Sample[] {
    const [path, value = '', stamp, more] = text.trim().split(/\s+/);
    const ns = stamp === undefined || stamp === '-1' || stamp === 'N' ? null : secondsNs(stamp);
    if (more !== undefined || (ns === null && stamp !== undefined && stamp !== '-1' && stamp !== 'N'))
        refuse(line, `“${clipped(more ?? stamp)}” is not a time in seconds`);
    const [metric, ...tags] = path.split(';');
    const labels = tags.map((tag): [string, string] => [tag.split('=')[0], tag.slice(tag.indexOf('=') + 1)]);
    return [{ key: selector(metric, labels), value: numberIn(value, line, ''), ns }];
}

function json(text: string, line: number): Sample[] {
    let object: { metric?: unknown; value?: unknown; labels?: Record<string, unknown>; time?: unknown };
    try {
        object = JSON.parse(text);
    } catch {
        return refuse(line, 'it is not a JSON object');
    }
    if (typeof object.metric !== 'string' || object.value === undefined)
        refuse(line, 'it has no “metric” that is text, or no “value”');
    const { time } = object;
    const ns = time === undefined ? null : typeof time === 'string' ? timeNs(time) : secondsNs(String(time));
    if (ns === null && time !== undefined) refuse(line, `“${clipped(String(time))}” is not a time`);
    const labels = Object.entries(object.labels ?? {}).map(([name, value]): [string, string] => [name, String(value)]);
    const value = typeof object.value === 'boolean' ? Number(object.value) : object.value;
    return [{ key: selector(String(object.metric), labels), ns,
        value: value === null ? NaN : typeof value === 'number' ? value : refuse(line, 'its value is not a number') }];
}

type Reader = (text: string, line: number) => Sample[];

function readerOf(first: string): Reader | null {
    if (first.startsWith('{')) return json;
    const words = cut(first.trim(), ' ').filter((word) => word !== '');
    if (words.length >= 2 && words.length <= 3 && /[^\\]=[-+.\d"tf]/i.test(words[1])) return influx;
    const [path, value, stamp] = first.trim().split(/\s+/);
    if (words.length < 2 || words.length > 3 || !isName(path) || path.endsWith(',')) return null;
    return NUMBER.test(value) && (stamp === undefined || stamp === 'N' || secondsNs(stamp) !== null) ? graphite : null;
}

function seriesOf(samples: Sample[], name: string): Source {
    const values: Column = { name: 'value', kind: 'number', values: samples.map(({ value }) => value) };
    const times = samples.map(({ ns }) => ns).filter((ns): ns is bigint => ns !== null);
    if (times.length > 0 && times.length < samples.length)
        throw new TableFault(`${clipped(name)}: ${samples.length - times.length} of ${samples.length} lines have no time`);
    return { name, columns: times.length > 0 ? [sinceFirst(times, 'time'), values] : [values], left: [] };
}

function series(lines: string[], reader: Reader): Source[] {
    const all = new Map<string, Sample[]>();
    lines.forEach((text, i) => {
        if (text.trim() === '' || text.startsWith('#')) return;
        for (const sample of reader(text, i + 1)) {
            const of = all.get(sample.key);
            if (of === undefined) all.set(sample.key, [sample]);
            else of.push(sample);
        }
    });
    if (all.size === 0) throw new TableFault('There are no numbers: the lines hold only strings');
    return [...all].map(([name, samples]) => seriesOf(samples, name));
}

/** The columns that text holds; at least one of numbers. Throws a TableFault. */
export function read(text: string): Source[] {
    const whole = text.replace(/^\ufeff/, '');
    if (/^\s*\[/.test(whole)) return [jsonList(whole)];
    const lines = whole.split(/\r\n|\n|\r/);
    const first = lines.find((line) => line.trim() !== '' && !line.startsWith('#'));
    if (first === undefined) throw new TableFault('There are no numbers: only comments and empty lines');
    const reader = readerOf(first);
    return reader === null ? [table(lines)] : series(lines, reader);
}
