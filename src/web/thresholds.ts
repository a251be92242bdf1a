// thresholds.ts -- the limits of alert rules, as lines that can be drawn.
//
//     when: abs(rate) > 0.5/min and value < 30   ──►   rate 0.5/60, rate −0.5/60 [1/s]; value 30
//
// Only comparisons of one name with one number are lines; what else a condition says is shown as its text.
export interface Threshold {
    rule: string;
    of: 'value' | 'rate';
    at: number;    /** of a rate: per second */
    text: string;
}

const NUMBER = '([-+]?(?:\\d+\\.?\\d*|\\.\\d+)(?:[eE][-+]?\\d+)?)(?:\\s*/\\s*(s|min|m|h|d))?';
const NAME = '(abs\\(\\s*(?:value|rate|edge|trend)\\s*\\)|value|rate|edge|trend)';
const LEFT = new RegExp(`${NAME}\\s*(>=|<=|==|!=|>|<)\\s*${NUMBER}(?!\\s*[*+/(])`, 'g');
const RIGHT = new RegExp(`${NUMBER}\\s*(>=|<=|==|!=|>|<)\\s*${NAME}(?!\\s*[-*+/(])`, 'g');
const PER: Record<string, number> = { s: 1, min: 60, m: 60, h: 3600, d: 86400 };

function line(rule: string, name: string, size: string, per: string | undefined, text: string): Threshold[] {
    const at = Number(size) / (per === undefined ? 1 : PER[per]);
    const of = name.includes('value') ? 'value' as const : 'rate' as const;
    const one: Threshold = { rule, of, at, text };
    return name.startsWith('abs') ? [one, { ...one, at: -at }] : [one];
}

export function thresholdsOf(rule: { name: string; query: string }): Threshold[] {
    const found: Threshold[] = [];
    for (const [text, name, , size, per] of rule.query.matchAll(LEFT)) found.push(...line(rule.name, name, size, per, text));
    for (const [text, size, per, , name] of rule.query.matchAll(RIGHT)) found.push(...line(rule.name, name, size, per, text));
    return found;
}
