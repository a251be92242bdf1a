// metric.ts -- the labels of a series, as a person reads them and as a selector asks for them.

/** Labels by name; the metric's own name is __name__. */
export type Metric = Record<string, string>;

/** "a\"b" as a selector spells it. */
export function quote(text: string): string {
    return `"${text.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n')}"`;
}

export const nameOf = (metric: Metric): string => metric['__name__'] ?? '';

/** Labels but the name, in the order that the daemon has them. */
export function labelsOf(metric: Metric): [string, string][] {
    return Object.entries(metric).filter(([name]) => name !== '__name__');
}

const PLAIN_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const PLAIN_LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

const labelText = (name: string): string => (PLAIN_LABEL.test(name) ? name : quote(name));

/** The selector of this series; others with more labels match it, too, unless `exact` is asked for. */
export function selectorOf(metric: Metric): string {
    const name = nameOf(metric);
    const plain = PLAIN_NAME.test(name);
    const parts = labelsOf(metric).map(([label, value]) => `${labelText(label)}=${quote(value)}`);
    if (!plain && name !== '') parts.unshift(`__name__=${quote(name)}`);
    if (plain && parts.length === 0) return name;
    return `${plain ? name : ''}{${parts.join(',')}}`;
}

/** Tells series apart: the same text for the same labels. */
export const keyOf = (metric: Metric): string => JSON.stringify(metric);
