// src/web/format.ts: numbers, durations and times as people read them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './sources.mjs';

const { duration, epoch, number, seconds, utc } = await load('format.ts');

const NUMBERS = [
    [0, 5, '0'], [-0, 5, '0'], [1, 5, '1'], [21.437, 5, '21.437'], [21.4372, 4, '21.44'], [-5, 5, '−5'], [0.1 + 0.2, 5, '0.3'],
    [1234.5, 5, '1 234.5'], [999999, 7, '999 999'], [1e6, 5, '1 M'], [2.5e9, 5, '2.5 G'], [1.5e16, 5, '15 P'], [1e18, 5, '1e18'],
    [0.007071, 2, '0.0071'], [0.00022222222, 5, '0.00022222'], [0.05, 4, '0.05'], [0.000123, 2, '0.00012'],
    [3.14e-7, 5, '3.14e−7'], [-3.14159e-30, 4, '−3.14e−30'],
    [null, 5, '–'], [undefined, 5, '–'], [NaN, 5, '–'], [Infinity, 5, '∞'], [-Infinity, 5, '−∞'],
];
const DURATIONS = [
    [0, '0 s'], [1.23, '1.2 s'], [45.2, '45 s'], [59.7, '60 s'], [60, '1 min'], [200, '3 min 20 s'], [7500, '2 h 5 min'], [273600, '3 d 4 h'],
    [-90, '−1 min 30 s'], [null, '–'], [Infinity, '–'],
];
const SECONDS = [['15m', 900], ['2h', 7200], ['1.5s', 1.5], ['1d', 86400], ['250ms', 0.25], ['', NaN], ['15', NaN], ['m', NaN], ['1y', NaN]];

const plain = text => text.replaceAll('\u202f', ' ');

for (const [x, digits, want] of NUMBERS)
    test(`${x} by ${digits} digits`, () => assert.equal(plain(number(x, digits)), want));
for (const [s, want] of DURATIONS) test(`${s} seconds`, () => assert.equal(plain(duration(s)), want));
for (const [text, want] of SECONDS) test(`“${text}” as seconds`, () => assert.equal(seconds(text), want));

test('times, as text and as numbers', () => {
    assert.equal(epoch('2023-11-14T22:13:20.123456789Z'), 1700000000.123);
    assert.equal(epoch(1700000000.25), 1700000000.25);
    assert.equal(utc(1700000000), '2023-11-14T22:13:20.000Z');
    assert.equal(utc(NaN), 'not a time');
});
