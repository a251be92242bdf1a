// views/try.ts -- numbers in, their gradient at once: what POST /api/v1/gradient says of a table, a list or lines that
// were pasted or dropped here. Nothing is stored, by the daemon or in this browser; the URL has the options alone.
//
//     text ──read──► Source[] ──options of the URL──► Trial ──POST──► gradients ──► picture, table, code, CSV
//          table.ts            form.ts                       here
import './try.css';
import { ask, sentence } from '../api.ts';
import { el, fill, say } from '../dom.ts';
import { duration, exact, number } from '../format.ts';
import { change, here, type Place } from '../place.ts';
import { EXAMPLES } from '../try/examples.ts';
import { form, optionsOf, shapeOf, sourceOf, trialOf } from '../try/form.ts';
import { picture } from '../try/picture.ts';
import { body, csv, curl, isMatrix, numpy, type Trial } from '../try/recipe.ts';
import { read, TableFault, type Source } from '../try/table.ts';
import type { View } from '../view.ts';

const MAX_BYTES = 32 * 1024 * 1024;  // what the daemon takes unless it is told otherwise
const MAX_SHOWN = 200 * 1024;        // of a file: longer ones are not put into the text box
const ROWS = 200;                    // of the table
const TYPING_MS = 200;

type Gradient = (number | null)[][]; // a row a row of f; rows of one number for f of one axis

interface Answer {
    data: unknown;
    why?: string;
}

const rows = (data: unknown): Gradient =>
    (data as unknown[]).map((row) => (Array.isArray(row) ? row : [row])) as Gradient;

/** The answer's arrays, one an axis that was asked for. */
const gradientsOf = (trial: Trial, { data }: Answer): Gradient[] =>
    trial.along.length > 1 ? (data as unknown[]).map(rows) : [rows(data)];

function table(trial: Trial, gradients: Gradient[]): HTMLElement {
    const f = isMatrix(trial.f) ? trial.f : trial.f.map((v) => [v]);
    const x = trial.axes.find(({ spacing }) => Array.isArray(spacing));
    const cell = (v: number | null): HTMLElement =>
        el('td', { class: 'number', title: exact(Number.isNaN(v) ? null : v) }, number(v, 7));
    const of = (name: string, i: number): string =>
        `${trial.along.length > 0 ? `gradient ${trial.along[i]}` : 'gradient'}${trial.names.length > 1 ? ` of ${name}` : ''}`;
    const head = el('tr', {}, el('th', { class: 'number', scope: 'col' }, 'row'),
        x && el('th', { class: 'number', scope: 'col' }, x.name),
        ...trial.names.map((name) => el('th', { class: 'number', scope: 'col' }, name)),
        ...gradients.flatMap((_, i) => trial.names.map((name) => el('th', { class: 'number', scope: 'col' }, of(name, i)))));
    const lines = f.slice(0, ROWS).map((row, r) => el('tr', {}, el('td', { class: 'number soft' }, r),
        x && cell((x.spacing as number[])[r]), ...row.map(cell), ...gradients.flatMap((g) => g[r].map(cell))));
    return el('div', { class: 'scroll numbers', tabindex: 0, role: 'region', 'aria-label': 'Values and gradient' },
        el('table', {}, el('thead', {}, head), el('tbody', {}, ...lines)),
        f.length > ROWS && el('p', { class: 'soft' }, `The first ${ROWS} of ${f.length} rows; the CSV has all.`));
}

/** A file of text for the viewer, made here. */
function save(name: string, text: string, type: string): void {
    const url = URL.createObjectURL(new Blob([text], { type }));
    el('a', { href: url, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10000);
}

function code(title: string, text: string, ...more: HTMLElement[]): HTMLElement {
    const copy = el('button', { type: 'button', class: 'quiet', onclick: () => {
        void navigator.clipboard?.writeText(text).then(() => say(copy, 'copied'));
    } }, 'copy');
    return el('section', { class: 'panel code' }, el('div', { class: 'row apart' }, el('h2', {}, title),
        el('div', { class: 'row' }, ...more, navigator.clipboard ? copy : null)), // none over plain HTTP from elsewhere
        el('pre', { tabindex: 0, 'aria-label': title }, text));
}

/** What the picture shows of a trial: f of one axis, or its first column. */
function curveOf(trial: Trial, source: Source, gradients: Gradient[]): Parameters<ReturnType<typeof picture>['show']>[0] {
    const f = isMatrix(trial.f) ? trial.f.map((row) => row[0]) : trial.f;
    if (isMatrix(trial.f) && trial.along[0] !== 0) return null;
    const { name, spacing } = trial.axes[0];
    const time = source.columns.find((column) => column.kind === 'time' && column.name === name);
    const x = typeof spacing === 'number' ? f.map((_, i) => i * spacing)
        : time ? spacing.map((s) => (time.from_s ?? 0) + s) : spacing;
    return { name: source.name || trial.names[0], x, xName: name || (spacing === 1 ? 'index' : `${exact(spacing as number)} × index`),
        times: time !== undefined, per: time ? '/s' : '', f, gradient: gradients[0].map((row) => row[0]) };
}

export function open(root: HTMLElement, at: Place): View {
    const text = el('textarea', { id: 'numbers', rows: 9, spellcheck: 'false', autocomplete: 'off', autocapitalize: 'off',
        placeholder: '0\n1\n4\n9\n16', oninput: () => typed() });
    const file = el('input', { type: 'file', id: 'file', hidden: true,
        onchange: () => { if (file.files?.[0]) void take(file.files[0]); } });
    const options = form();
    const status = el('p', { role: 'status', class: 'said' });
    const drawn = picture();
    const results = el('div', { class: 'results' });
    const examples = EXAMPLES.map(({ name }) =>
        el('button', { type: 'button', class: 'quiet', onclick: () => example(name) }, name));

    let sources: Source[] = [];
    let timer = 0;
    let running: AbortController | null = null;

    root.append(
        el('h1', {}, 'Try'),
        el('p', { class: 'soft' }, 'Numbers in, their gradient out, as numpy.gradient gives it. Paste a CSV, a list or '
            + 'lines as the daemon takes them, or drop a file anywhere here. Nothing is stored.'),
        el('div', { class: 'try' },
            el('div', { class: 'panel input' },
                el('label', { for: 'numbers' }, 'Numbers'), text,
                el('div', { class: 'row examples' }, el('button', { type: 'button', onclick: () => file.click() }, 'Open a file'),
                    file, el('span', { class: 'soft' }, 'or an example:'), ...examples),
                options.node),
            el('div', { class: 'output' }, status, drawn.node, results)));

    const fail = (fault: unknown): void => {
        drawn.show(null);
        fill(results);
        status.className = 'said fault';
        say(status, fault instanceof TableFault ? `${fault.message}.` : sentence(fault));
    };
    const wait = (): void => {
        running?.abort();
        clearTimeout(timer);
        status.className = 'said soft';
    };

    async function compute(): Promise<void> {
        wait();
        const mine = (running = new AbortController());
        const o = optionsOf(here());
        const source = sourceOf(sources, o);
        options.show(sources, o);
        const trial = trialOf(source, o);
        const request = body(trial);
        if (request.length > MAX_BYTES) throw new TableFault(`${shapeOf(trial)} are ${request.length} bytes of JSON; at most ${MAX_BYTES} can be sent`);
        say(status, `${shapeOf(trial)}: asking the daemon…`);
        const began = performance.now();
        const answer = await ask<Answer>('/api/v1/gradient', {}, { method: 'POST', body: request, signal: mine.signal,
            headers: { 'Content-Type': 'application/json' } });
        const gradients = gradientsOf(trial, answer);
        const left = source.left.length > 0 ? `; left out, as it is text: ${source.left.join(', ')}` : '';
        say(status, `${shapeOf(trial)}, answered in ${duration((performance.now() - began) / 1000)}`
            + `${answer.why ? `; ${answer.why}` : ''}${left}`);
        drawn.show(curveOf(trial, source, gradients));
        fill(results, el('section', { class: 'panel' }, el('div', { class: 'row apart' }, el('h2', {}, 'Values and gradient'),
            el('button', { type: 'button', onclick: () => save('gradient.csv', csv(trial, gradients), 'text/csv') },
                'Download CSV')), table(trial, gradients)),
            code('The same in numpy', numpy(trial)),
            code('The same by curl', curl(trial, location.origin), el('button', { type: 'button', class: 'quiet',
                onclick: () => save('request.json', request, 'application/json') }, 'request.json')));
    }
    const again = (): void => {
        compute().catch((fault) => {
            if (!(fault instanceof DOMException && fault.name === 'AbortError')) fail(fault);
        });
    };

    function use(whole: string): void {
        wait();
        sources = [];
        options.node.hidden = true;
        if (whole.trim() === '') {
            drawn.show(null);
            fill(results);
            say(status, 'No numbers yet.');
            return;
        }
        try {
            sources = read(whole);
        } catch (fault) {
            fail(fault);
            return;
        }
        options.node.hidden = false;
        again();
    }
    function typed(): void {
        wait();
        timer = setTimeout(() => use(text.value), TYPING_MS);
    }
    function example(name: string): void {
        const found = EXAMPLES.find((e) => e.name === name);
        if (found === undefined) return;
        text.value = found.text;
        sources = []; // the old ones under new options are nothing that one asked for
        change({ more: { example: name, ...found.options } }, 'replace');
        use(text.value);
    }
    async function take(from: File): Promise<void> {
        wait();
        if (from.size > MAX_BYTES) {
            fail(new TableFault(`${from.name} has ${from.size} bytes; at most ${MAX_BYTES} can be sent`));
            return;
        }
        const whole = await from.text();
        text.value = whole.length <= MAX_SHOWN ? whole : `${whole.slice(0, 2000).replace(/\n[^\n]*$/, '')}\n# … and so on: ${from.name}`;
        sources = [];
        change({ more: {} }, 'replace');
        use(whole);
    }

    const dragged = (event: DragEvent): void => {
        event.preventDefault();
        root.classList.toggle('dropping', event.type === 'dragover');
        if (event.type !== 'drop') return;
        const dropped = event.dataTransfer?.files[0];
        if (dropped) void take(dropped);
        else if ((text.value = event.dataTransfer?.getData('text/plain') ?? '') !== '') use(text.value);
    };
    const events = ['dragover', 'dragleave', 'drop'] as const;
    events.forEach((name) => root.addEventListener(name, dragged));

    text.value = EXAMPLES.find(({ name }) => name === (at.more.example ?? ''))?.text ?? '';
    use(text.value);
    return {
        update: () => { if (sources.length > 0) again(); },
        close() {
            wait();
            drawn.close();
            events.forEach((name) => root.removeEventListener(name, dragged));
        },
    };
}
