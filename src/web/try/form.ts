// try/form.ts -- what is differentiated, and how: the text, and numpy's options as controls. The options are the
// place's (`more`), so that a URL carries them; the text is nobody's but this page's.
import { el, fill } from '../dom.ts';
import { change, here, type Place } from '../place.ts';
import { isMatrix, type Trial } from './recipe.ts';
import { counted, TableFault, type Column, type Source } from './table.ts';

/** Options of the URL; '' is the default of each. */
export interface Options {
    series: string;   /** of lines: which, by its name */
    values: string;   /** a column's name; MATRIX for all columns as one array of two axes */
    axis: string;     /** of a matrix: '0', '1'; '' for both */
    spacing: string;  /** of the first axis asked for: a number, or @NAME of a column */
    spacing1: string; /** of axis 1: a number */
    edge: string;     /** '2' */
    mode: string;     /** 'accurate' */
    dtype: string;    /** 'float32' */
}

const NAMES = ['series', 'values', 'axis', 'spacing', 'spacing1', 'edge', 'mode', 'dtype'] as const;
export const MATRIX = '*';

export function optionsOf(place: Place): Options {
    return Object.fromEntries(NAMES.map((name) => [name, place.more[name] ?? ''])) as unknown as Options;
}

const setOption = (name: keyof Options, value: string): void =>
    change({ more: { ...here().more, [name]: value } }, 'replace');

// ---- what the options mean for a source

const numbersOf = (source: Source): Column[] => source.columns.filter(({ kind }) => kind === 'number');

export const sourceOf = (sources: Source[], o: Options): Source =>
    sources.find(({ name }) => name === o.series) ?? sources[0];

/** Times are what one differentiates by, and so is a column called so; numpy's own default is 1. */
function usualSpacing(source: Source): string {
    const column = source.columns.find(({ kind }) => kind === 'time')
        ?? source.columns.find(({ name }) => /^(t|x|time|seconds)$/i.test(name));
    return column !== undefined && source.columns.length > 1 ? `@${column.name}` : '1';
}

export const spacingOf = (source: Source, o: Options): string => o.spacing || usualSpacing(source);

export function valuesOf(source: Source, o: Options): string {
    if (o.values === MATRIX && numbersOf(source).length > 1) return MATRIX;
    const numbers = numbersOf(source);
    const free = numbers.find(({ name }) => `@${name}` !== spacingOf(source, o)) ?? numbers[0];
    return numbers.find(({ name }) => name === o.values)?.name ?? free.name;
}

function step(text: string, what: string): number {
    const value = Number(text);
    if (text.trim() === '' || !Number.isFinite(value)) throw new TableFault(`${what}: “${text}” is not a number`);
    return value;
}

function spacingAlong(source: Source, o: Options): Trial['axes'][0] {
    const spacing = spacingOf(source, o);
    if (!spacing.startsWith('@')) return { name: '', spacing: step(spacing, 'Spacing') };
    const column = source.columns.find(({ name }) => `@${name}` === spacing);
    if (column === undefined) throw new TableFault(`Spacing: there is no column “${spacing.slice(1)}”`);
    const missing = column.values.findIndex(Number.isNaN);
    if (missing >= 0) throw new TableFault(`Spacing: column ${column.name} has no value in its row ${missing + 1}`);
    return { name: column.name, spacing: column.values };
}

/** The array of a source, and what is asked of it. */
export function trialOf(source: Source, o: Options): Trial {
    const values = valuesOf(source, o);
    const how = { edgeOrder: o.edge === '2' ? 2 : 1, mode: o.mode === 'accurate' ? 'accurate' : 'numpy',
        dtype: o.dtype === 'float32' ? 'float32' : 'float64' } as const;
    if (values !== MATRIX) {
        const f = source.columns.find(({ name, kind }) => name === values && kind === 'number')!.values;
        return { names: [values], f, axes: [spacingAlong(source, o)], along: [], ...how };
    }
    const columns = numbersOf(source).filter(({ name }) => `@${name}` !== spacingOf(source, o));
    const f = columns[0].values.map((_, r) => columns.map((column) => column.values[r]));
    const along = o.axis === '' ? [0, 1] : [Number(o.axis)];
    const axes = along.map((axis) => axis === 0 ? spacingAlong(source, o)
        : { name: '', spacing: step(o.spacing1 || '1', 'Spacing along axis 1') });
    return { names: columns.map(({ name }) => name), f, axes, along, ...how };
}

export const shapeOf = ({ f }: Trial): string =>
    isMatrix(f) ? `${counted(f.length, 'row')} of ${counted(f[0].length, 'column')}` : counted(f.length, 'number');

// ---- the controls

type Choice = [value: string, text: string];

interface Control {
    node: HTMLElement;
    show(choices: Choice[], value: string): void; /** hidden if there is nothing to choose */
}

let ids = 0;

function select(name: keyof Options, label: string, hint: string): Control {
    const id = `option-${++ids}`;
    const box = el('select', { id, title: hint, onchange: () => setOption(name, box.value) });
    const node = el('div', { class: 'option' }, el('label', { for: id }, label), box);
    return {
        node,
        show(choices, value) {
            node.hidden = choices.length < 2;
            fill(box, ...choices.map(([v, text]) => el('option', { value: v }, text)));
            box.value = value;
        },
    };
}

/** A number that becomes the option once it is written. */
function numeric(name: keyof Options, label: string): Control {
    const id = `option-${++ids}`;
    const box = el('input', { id, inputmode: 'decimal', size: 8, autocomplete: 'off',
        oninput: () => setOption(name, box.value || ' ') }); // a blank: not yet written
    const node = el('div', { class: 'option' }, el('label', { for: id }, label), box);
    return {
        node,
        show(choices, value) {
            node.hidden = choices.length === 0;
            if (document.activeElement !== box) box.value = value;
        },
    };
}

/** Options of columns' names, of which two may be the same. */
const named = (columns: Column[], prefix = ''): Choice[] =>
    [...new Map(columns.map(({ name }): Choice => [`${prefix}${name}`, name]))];

export interface Form {
    node: HTMLElement;
    show(sources: Source[], o: Options): void;
}

/** numpy's arguments. Nothing is asked for that the numbers do not have. */
export function form(): Form {
    const which = select('series', 'Series', 'Lines of several series: which one');
    const values = select('values', 'Values', 'f: what is differentiated');
    const axis = select('axis', 'Axis', 'axis: down the rows, along a row, or both');
    const spacing = select('spacing', 'Spacing', 'How far apart the values are: a step, or a column of coordinates');
    const stepBox = numeric('spacing', 'Step');
    const step1 = numeric('spacing1', 'Step along axis 1');
    const edge = select('edge', 'edge_order', 'At both ends: a difference, or the parabola through three');
    const mode = select('mode', 'Mode', 'accurate: divided differences, by which a constant gives exactly 0');
    const dtype = select('dtype', 'dtype', 'float32: rounded to it, and computed with it');
    const node = el('div', { class: 'options' }, ...[which, values, axis, spacing, stepBox, step1, edge, mode, dtype]
        .map((control) => control.node));
    return {
        node,
        show(sources, o) {
            const source = sourceOf(sources, o);
            const numbers = numbersOf(source);
            const now = spacingOf(source, o);
            const chosen = valuesOf(source, o);
            const matrix = chosen === MATRIX;
            const down = !matrix || o.axis !== '1';
            which.show(sources.map(({ name }): Choice => [name, name]), source.name);
            values.show([...named(numbers), ...(numbers.length > 1 ? [[MATRIX, 'all columns, as two axes'] as Choice] : [])],
                chosen);
            axis.show(matrix ? [['', 'both'], ['0', '0: down the rows'], ['1', '1: along a row']] : [], o.axis);
            const byColumn = now.startsWith('@');
            spacing.show(down ? [['1', 'a step'], ...named(source.columns, '@').map(([v, t]): Choice => [v, `column ${t}`])] : [],
                byColumn ? now : '1');
            stepBox.show(down && !byColumn ? [['', '']] : [], now);
            step1.show(matrix && o.axis !== '0' ? [['', '']] : [], o.spacing1 || '1');
            edge.show([['', '1'], ['2', '2']], o.edge === '2' ? '2' : '');
            mode.show([['', 'numpy'], ['accurate', 'accurate']], o.mode === 'accurate' ? 'accurate' : '');
            dtype.show([['', 'float64'], ['float32', 'float32']], o.dtype === 'float32' ? 'float32' : '');
        },
    };
}
