// sheet.ts -- a table whose rows stay: a row is known by its key, and only what has changed is written, so that what
// somebody reads, selects or has the focus on is not taken away every other second.
import './sheet.css';
import { el, say } from './dom.ts';

export interface Column {
    title: string;
    number?: boolean;
}

/** text, or a node that is made once for its row. note: small, below; part: of a whole, drawn as a bar below. */
export interface Cell {
    text?: string;
    note?: string;
    node?: () => Node;
    title?: string;
    kind?: string; /** a class: how bad it is */
    part?: number;
}

export interface Line {
    key: string;
    cells: Cell[];
}

interface Kept {
    node: HTMLTableRowElement;
    cells: HTMLElement[];
}

function write(td: HTMLElement, cell: Cell, first: boolean): void {
    if (cell.node !== undefined) {
        if (first) td.append(cell.node());
    } else if (cell.note !== undefined) {
        if (td.childElementCount !== 2) td.replaceChildren(el('span'), el('small'));
        say(td.children[0], cell.text ?? '');
        say(td.children[1], cell.note);
    } else if (cell.part === undefined) {
        say(td, cell.text ?? '');
    } else {
        if (first) td.append(el('span'), el('span', { class: 'bar', 'aria-hidden': 'true' }, el('span')));
        say(td.children[0], cell.text ?? '');
        const filled = td.children[1].firstElementChild as HTMLElement;
        filled.style.width = `${Math.max(0, Math.min(1, cell.part)) * 100}%`;
        td.dataset.full = cell.part >= 0.9 ? 'yes' : 'no';
    }
    if (cell.title !== undefined && td.title !== cell.title) td.title = cell.title;
    if (cell.kind !== undefined) td.dataset.kind = cell.kind;
}

const WIDE = 4; // columns; a table of more is told row by row on a phone, which takes roles that style takes away

export class Sheet {
    readonly node: HTMLElement;
    private readonly body = el('tbody', { role: 'rowgroup' });
    private readonly rows = new Map<string, Kept>();

    constructor(id: string, label: string, private readonly columns: Column[]) {
        const heads = columns.map(({ title, number }) =>
            el('th', { scope: 'col', role: 'columnheader', class: number ? 'number' : null }, title));
        const table = el('table', { id, role: 'table', class: columns.length > WIDE ? 'sheet wide' : 'sheet' },
            el('thead', { role: 'rowgroup' }, el('tr', { role: 'row' }, ...heads)), this.body);
        this.node = el('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': label }, table);
    }

    show(lines: Line[]): void {
        const gone = new Set(this.rows.keys());
        let before: Element | null = null;
        for (const line of lines) {
            gone.delete(line.key);
            const node = this.row(line);
            const place: Element | null = before === null ? this.body.firstElementChild : before.nextElementSibling;
            if (place !== node) this.body.insertBefore(node, place);
            before = node;
        }
        for (const key of gone) {
            this.rows.get(key)?.node.remove();
            this.rows.delete(key);
        }
    }

    private row(line: Line): HTMLTableRowElement {
        const known = this.rows.get(line.key);
        if (known !== undefined) {
            line.cells.forEach((cell, i) => write(known.cells[i], cell, false));
            return known.node;
        }
        const cells = line.cells.map((cell, i) => {
            const { title, number } = this.columns[i];
            const td = i === 0 ? el('th', { scope: 'row', role: 'rowheader' })
                : el('td', { role: 'cell', 'data-title': title, class: number ? 'number' : null });
            write(td, cell, true);
            return td;
        });
        const node = el('tr', { role: 'row', 'data-key': line.key }, ...cells);
        this.rows.set(line.key, { node, cells });
        return node;
    }
}
