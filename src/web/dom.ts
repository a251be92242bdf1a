// dom.ts -- elements. What comes from outside is only ever text here: no HTML is read from a string, anywhere.

type Handler = (event: Event) => void;
export type Attributes = Record<string, string | number | boolean | Handler | null | undefined>;
export type Child = Node | string | number | null | undefined | false;

function set(node: Element, attributes: Attributes): void {
    for (const [name, value] of Object.entries(attributes)) {
        if (typeof value === 'function') node.addEventListener(name.replace(/^on/, ''), value);
        else if (value === true) node.setAttribute(name, '');
        else if (value !== false && value !== null && value !== undefined)
            node.setAttribute(name, String(value));
    }
}

function append(node: Element, children: Child[]): void {
    for (const child of children)
        if (child !== null && child !== undefined && child !== false)
            node.append(child instanceof Node ? child : String(child));
}

/** el('a', { href: '/', onclick: f }, 'text', child): false, null and undefined are left out. */
export function el<K extends keyof HTMLElementTagNameMap>(
    tag: K, attributes: Attributes = {}, ...children: Child[]): HTMLElementTagNameMap[K] {
    const node = document.createElement(tag);
    set(node, attributes);
    append(node, children);
    return node;
}

/** The same for pictures. */
export function svg(tag: string, attributes: Attributes = {}, ...children: Child[]): SVGElement {
    const node = document.createElementNS('http://www.w3.org/2000/svg', tag);
    set(node, attributes);
    append(node, children);
    return node;
}

/** Puts these in the place of all that node had. */
export function fill(node: Element, ...children: Child[]): void {
    node.replaceChildren();
    append(node, children);
}

/** Writes text only where it is another: what stays is not laid out again. */
export function say(node: Element, text: string): void {
    if (node.textContent !== text) node.textContent = text;
}
