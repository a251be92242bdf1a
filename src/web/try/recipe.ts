// recipe.ts -- an array and its options as the request that asks for its gradient, and as code that gives the same:
// numpy's, curl's, and a CSV of all of it. Short arrays stand in the code; longer ones are read from that CSV.

export interface Axis {
    name: string;                          /** of the coordinates; '' for steps */
    spacing: number | number[];            /** a step, or the coordinates */
}

export interface Trial {
    names: string[];                       /** of the columns */
    f: number[] | number[][];              /** one axis, or rows of columns; NaN is missing */
    axes: Axis[];                          /** those that are asked for, in order */
    along: number[];                       /** which they are; [] for f of one axis */
    edgeOrder: 1 | 2;
    mode: 'numpy' | 'accurate';
    dtype: 'float64' | 'float32';
}

const SHORT = 40; // numbers that still stand in the code

export const isMatrix = (f: Trial['f']): f is number[][] => Array.isArray(f[0]);

/** JSON's numbers, NaN as null, which the daemon reads as NaN. */
const jsonText = (value: unknown): string =>
    JSON.stringify(value, (_, v) => (typeof v === 'number' && !Number.isFinite(v) ? null : v));

/** What POST /api/v1/gradient takes; what is numpy's default is left out. */
export function body(t: Trial): string {
    const spacing = t.axes.map((axis) => axis.spacing);
    const plain = spacing.every((s) => s === 1);
    return jsonText({
        f: t.f,
        ...(plain ? {} : { spacing }),
        ...(t.along.length === 0 ? {} : { axis: t.along.length === 1 ? t.along[0] : t.along }),
        ...(t.edgeOrder === 1 ? {} : { edge_order: t.edgeOrder }),
        ...(t.mode === 'numpy' ? {} : { mode: t.mode }),
        ...(t.dtype === 'float64' ? {} : { dtype: t.dtype }),
    });
}

// ---- numpy

const pythonNumber = (x: number): string =>
    Number.isNaN(x) ? 'np.nan' : Number.isInteger(x) && Math.abs(x) < 1e16 ? String(x) : String(x).replace(/^(-?\d+)e/, '$1.0e');

const pythonList = (list: number[] | number[][]): string =>
    `[${isMatrix(list) ? list.map(pythonList).join(', ') : list.map(pythonNumber).join(', ')}]`;

const count = (t: Trial): number => (isMatrix(t.f) ? t.f.length * t.f[0].length : t.f.length);

/** Names of coordinates in the code: x; x0 and x1 where there are two. */
const coordinate = (t: Trial, i: number): string => (t.axes.length > 1 ? `x${i}` : 'x');

function inline(t: Trial): string[] {
    const lines = [`f = np.array(${pythonList(t.f)}, dtype="${t.dtype}")`];
    t.axes.forEach(({ spacing }, i) => {
        if (Array.isArray(spacing)) lines.push(`${coordinate(t, i)} = np.array(${pythonList(spacing)})`);
    });
    return lines;
}

/** From the CSV that is downloaded here: coordinates first, if there are any, then f. */
function fromFile(t: Trial): string[] {
    const along = t.axes.findIndex(({ spacing }) => Array.isArray(spacing));
    const columns = isMatrix(t.f) ? t.f[0].length : 1;
    const first = along >= 0 ? 1 : 0;
    const lines = ['table = np.loadtxt("gradient.csv", delimiter=",", skiprows=1, ndmin=2)'];
    const last = first + columns;
    lines.push(`f = table[:, ${columns === 1 && !isMatrix(t.f) ? first : `${first}:${last}`}].astype("${t.dtype}")`);
    if (along >= 0) lines.push(`${coordinate(t, along)} = table[:, 0]`);
    return lines;
}

export function numpy(t: Trial): string {
    const args = ['f'];
    if (t.axes.some(({ spacing }) => spacing !== 1))
        t.axes.forEach(({ spacing }, i) =>
            args.push(Array.isArray(spacing) ? coordinate(t, i) : pythonNumber(spacing)));
    if (t.along.length === 1) args.push(`axis=${t.along[0]}`);
    if (t.along.length > 1) args.push(`axis=(${t.along.join(', ')})`);
    if (t.edgeOrder === 2) args.push('edge_order=2');
    return [
        'import numpy as np',
        '',
        ...(count(t) <= SHORT ? inline(t) : fromFile(t)),
        ...(t.mode === 'accurate'
            ? ['# nablad took divided differences here (mode accurate): numpy differs in the last digits'] : []),
        `print(np.gradient(${args.join(', ')}))`,
    ].join('\n');
}

// ---- the rest

const shell = (text: string): string => `'${text.replace(/'/g, "'\\''")}'`;

export function curl(t: Trial, origin: string): string {
    const data = count(t) <= SHORT ? shell(body(t)) : '@request.json';
    return `curl -s ${origin}/api/v1/gradient \\\n    -H 'Content-Type: application/json' \\\n    -d ${data}`;
}

const csvCell = (text: string): string => (/[",\n\r]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text);
const csvNumber = (x: number | null): string => (x === null || Number.isNaN(x) ? 'nan' : String(x));

/** Coordinates, f, and each gradient: one line a row. */
export function csv(t: Trial, gradients: (number | null)[][][]): string {
    const along = t.axes.find(({ spacing }) => Array.isArray(spacing));
    const x = along?.spacing as number[] | undefined;
    const rows = isMatrix(t.f) ? t.f : t.f.map((v) => [v]);
    const name = (i: number): string => (t.along.length > 1 ? `gradient ${t.along[i]}` : 'gradient');
    const heads = [...(x ? [along!.name] : []), ...t.names,
        ...gradients.flatMap((_, i) => (t.names.length > 1 ? t.names.map((n) => `${name(i)} of ${n}`) : [name(i)]))];
    const lines = rows.map((row, r) =>
        [...(x ? [x[r]] : []), ...row, ...gradients.flatMap((g) => g[r])].map(csvNumber).join(','));
    return [heads.map(csvCell).join(','), ...lines, ''].join('\n');
}
