// selector.ts -- selectors as text: read far enough to complete them.
//
//     temperature{site="plant-03",sensor=~"s1.*"}
//     name        label op value

import { quote } from './metric.ts';

export interface Matcher {
    label: string;
    op: '=' | '!=' | '=~' | '!~';
    value: string;
}

const NAME = /^\s*([^\s{}"=!~,]+)\s*/;
const MATCHER = /^\s*(?:("(?:[^"\\]|\\.)*")|([^\s{}"=!~,]+))\s*(=~|!~|!=|=)\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)\s*/;

function unquote(text: string): string {
    if (text[0] === '`') return text.slice(1, -1);
    return text.slice(1, -1).replace(/\\(.)/g, (_, c: string) => (c === 'n' ? '\n' : c === 't' ? '\t' : c));
}

/** The matchers of a whole selector; null if it is none. */
export function parseSelector(text: string): Matcher[] | null {
    const out: Matcher[] = [];
    const name = NAME.exec(text);
    let rest = text;
    if (name !== null) {
        out.push({ label: '__name__', op: '=', value: name[1] });
        rest = text.slice(name[0].length);
    }
    rest = rest.trim();
    if (rest === '') return name === null ? null : out;
    if (!rest.startsWith('{') || !rest.endsWith('}')) return null;
    rest = rest.slice(1, -1);
    while (rest.trim() !== '') {
        const found = MATCHER.exec(rest);
        if (found === null) return null;
        out.push({
            label: found[1] !== undefined ? unquote(found[1]) : found[2],
            op: found[3] as Matcher['op'],
            value: unquote(found[4]),
        });
        rest = rest.slice(found[0].length);
        if (rest.trim() !== '' && !rest.startsWith(',')) return null;
        rest = rest.slice(1);
    }
    return out;
}

/** The same, and label="value" besides. */
export function narrow(selector: string, label: string, value: string, op: Matcher['op'] = '='): string {
    const name = /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(label) ? label : quote(label);
    const more = `${name}${op}${quote(value)}`;
    // what only asks for an empty value asks for everything, which the daemon refuses
    const text = selector.trim().replace(/^\{\s*\}$/, '') || (value === '' ? '{__name__!=""}' : '');
    if (!text.endsWith('}')) return `${text}{${more}}`;
    const inner = text.slice(text.lastIndexOf('{') + 1, -1);
    const open = text.slice(0, -1).trimEnd();
    return inner.trim() === '' || open.endsWith(',') ? `${open}${more}}` : `${open},${more}}`;
}

/** What is being written at the caret: what to offer, and which part of the text it replaces. */
export interface Spot {
    kind: 'name' | 'label' | 'value';
    label: string; /** of a value: whose */
    typed: string;
    from: number;
    to: number;
    others: string; /** a selector of what is already said, to offer only what there is */
}

/** Where the caret of a selector stands; null where nothing can be offered. */
export function spotAt(text: string, caret: number): Spot | null {
    const before = text.slice(0, caret);
    const open = before.search(/\{/);
    if (open < 0) {
        const typed = before.trimStart();
        const to = text.includes('{') ? text.indexOf('{') : text.length;
        return { kind: 'name', label: '__name__', typed, from: before.length - typed.length, to, others: '' };
    }
    const value = /([^\s{}"=!~,]+)\s*(=~|!~|!=|=)\s*("?)((?:[^"\\]|\\.)*)$/.exec(before);
    const label = /[{,]\s*([^\s{}"=!~,]*)$/.exec(before);
    const name = before.slice(0, open).trim();
    const said = before.slice(open + 1).match(/[^\s{}"=!~,]+\s*(?:=~|!~|!=|=)\s*"(?:[^"\\]|\\.)*"\s*(?=,)/g) ?? [];
    const others = `${name}{${said.join(',')}}`;
    if (label !== null)
        return { kind: 'label', label: '', typed: label[1], from: caret - label[1].length, to: caret, others };
    if (value === null) return null;
    const from = caret - value[4].length - value[3].length;
    const after = /^(?:[^"\\,}]|\\.)*"?/.exec(text.slice(caret))?.[0].length ?? 0;
    return { kind: 'value', label: value[1], typed: value[4], from, to: caret + after, others };
}
