// src/web/try/table.ts: what is pasted becomes columns, or a sentence that says where it is wrong.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './sources.mjs';

const { read, TableFault } = await load('try/table.ts');

const columns = text => read(text).map(({ name, columns: all, left }) => ({
    ...(name && { name }), ...Object.fromEntries(all.map(column => [column.name, column.values])),
    ...(left.length && { left }) }));

const GOOD = [
    ['one a line', '0\n1\n4\n', [{ f: [0, 1, 4] }]],
    ['in a row', '0 1 4.5e1', [{ f: [0, 1, 45] }]],
    ['in a row, with commas', '1, 2,3', [{ f: [1, 2, 3] }]],
    ['Windows, a mark in front', '\ufeffa\r\n1\r\n2\r\n', [{ a: [1, 2] }]],
    ['a heading', 'a,b\n1,2\n3,4', [{ a: [1, 3], b: [2, 4] }]],
    ['no heading', '1,2\n3,4', [{ 'column 1': [1, 3], 'column 2': [2, 4] }]],
    ['semicolons', 'a;b\n1;2', [{ a: [1], b: [2] }]],
    ['tabs, the last cell empty', 'a\tb\n1\t2\n3\t', [{ a: [1, 3], b: [2, NaN] }]],
    ['blanks', ' 1   2\n 3   4 ', [{ 'column 1': [1, 3], 'column 2': [2, 4] }]],
    ['comments, empty lines', '# a\n\n1\n# b\n2\n', [{ f: [1, 2] }]],
    ['missing', 'a,b\n1,nan\n,NA\nnull,3', [{ a: [1, NaN, NaN], b: [NaN, NaN, 3] }]],
    ['quotes', '"a, ""b""",c\n"1",2', [{ 'a, "b"': [1], c: [2] }]],
    ['twice the same name', 'a,a\n1,2', [{ a: [1], 'a (2)': [2] }]],
    ['a column of text', 'a,where\n1,north\n2,south', [{ a: [1, 2], left: ['where'] }]],
    ['times', 't,v\n2026-03-01T06:00:00Z,1\n2026-03-01T08:00:01.5+02:00,2', [{ t: [0, 1.5], v: [1, 2] }]],
    ['times with a blank, days', 't,v\n2026-03-01 06:00,1\n2026-03-02,2', [{ t: [0, 64800], v: [1, 2] }]],
    ['nanoseconds', 't,v\n2026-03-01T06:00:00.000000001Z,1\n2026-03-01T06:00:00.000000003Z,2', [{ t: [0, 2e-9], v: [1, 2] }]],
    ['a list', '[1, null, 2.5]', [{ f: [1, NaN, 2.5] }]],
    ['a list of lists', '[[1,2],[3,4]]', [{ 'column 1': [1, 3], 'column 2': [2, 4] }]],
    ['Influx lines', 'a,b=c value=1 1000000000\na,b=c value=2i 3000000000\n',
        [{ name: 'a{b="c"}', time: [0, 2], value: [1, 2] }]],
    ['Influx, fields', 'a x=1,s="q r, t=1",y=t 5', [{ name: 'a_x', time: [0], value: [1] }, { name: 'a_y', time: [0], value: [1] }]],
    ['Influx, escapes', 'water\\ level,tank=no.\\ 7\\,\\ east value=3',
        [{ name: '{__name__="water level",tank="no. 7, east"}', value: [3] }]],
    ['Graphite lines', 'p.t 1 10\np.u;a=b 5 10\np.t 2 10.25', [{ name: '{__name__="p.t"}', time: [0, 0.25], value: [1, 2] },
        { name: '{__name__="p.u",a="b"}', time: [0], value: [5] }]],
    ['JSON lines', '{"metric":"m","value":1,"time":"2026-03-01T06:00:00Z"}\n{"metric":"m","value":null,"time":1772344801}',
        [{ name: 'm', time: [0, 1], value: [1, NaN] }]],
    ['hostile names', '<img src=x onerror=alert(1)>,b\n1,2', [{ '<img src=x onerror=alert(1)>': [1], b: [2] }]],
];

const BAD = [
    ['nothing', '', /no numbers/],
    ['only comments', '# a\n\n', /no numbers/],
    ['a heading alone', 'a,b', /no numbers below the heading/],
    ['a word', 'a\n1\nx', /^Line 3: “x” is not a number$/],
    ['a word in a column', 'a,b\n1,2\n3,x', /^Line 3: column b: “x” is not a number$/],
    ['ragged', 'a,b\n1,2\n3', /^Line 3: 1 column; the first line has 2$/],
    ['infinite', '1\ninf', /^Line 2: “inf” is infinite/],
    ['decimal comma', 'a;b\n1,5;2', /^Line 2: column a: “1,5” is not a number: the decimal sign is a point$/],
    ['all text', 'a,b\nx,y', /No column has numbers/],
    ['times, one is none', 't,v\n2026-03-01,1\nsoon,2', /^Line 3: column t: “soon” is not a time$/],
    ['a quote without end', 'a,b\n"1,2', /^Line 2: a quote/],
    ['a list that ends early', '[1, 2', /is none:/],
    ['an empty list', '[]', /empty/],
    ['a ragged list', '[[1,2],[3]]', /^f\[1\] has not the length of f\[0\], 2$/],
    ['a list of words', '[1,"2"]', /^f\[1\] is "2", which is not a number$/],
    ['Influx, bad value', 'a value=1 1\na value=one 2', /^Line 2: “one” is not a number$/],
    ['Influx, bad time', 'a value=1 1\na value=1 soon', /^Line 2: “soon” is not a timestamp$/],
    ['lines, some without time', 'a value=1 1\na value=2', /1 of 2 lines have no time/],
    ['JSON lines, broken', '{"metric":"m","value":1}\n{"metric"', /^Line 2: it is not a JSON object$/],
    ['a long word', `a\n1\n${'x'.repeat(5000)}`, /^Line 3: “x{40}…” is not a number$/],
];

for (const [label, text, want] of GOOD) test(`reads ${label}`, () => assert.deepEqual(columns(text), want));

for (const [label, text, want] of BAD)
    test(`refuses ${label}`, () => assert.throws(() => read(text), fault => {
        assert.ok(fault instanceof TableFault, fault.stack);
        assert.match(fault.message, want);
        return true;
    }));

test('a hundred thousand lines', () => {
    const [{ columns: [x, y] }] = read(Array.from({ length: 100000 }, (_, i) => `${i},${i * i}`).join('\n'));
    assert.equal(x.values.length, 100000);
    assert.equal(y.values[99999], 99999 ** 2);
});
