// One series: its curves, live; zoomed, moved, paused; what of it can be taken along.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { view } from './browser.mjs';
import { eventually } from './daemon.mjs';
import { history, live, nowNs, plant, SECOND } from './plant.mjs';

const LEVEL = '?view=series&match=level{tank="north"}';

const becomes = (probe, want) => eventually(async () => {
    const got = await probe();
    return want instanceof RegExp ? want.test(got) : got === want;
}, String(want)).catch(async fault => {
    throw new Error(`${fault.message}; there is: ${await probe()}`);
});

const fact = (page, name) => page.locator('#facts').evaluate((list, wanted) => {
    const term = [...list.querySelectorAll('dt')].find(dt => dt.textContent === wanted);
    return term?.nextElementSibling.textContent ?? `no ${wanted}`;
}, name);

const drawn = page => page.locator('.pane canvas').first().waitFor();
const span = page => {
    const asked = new URL(page.url()).searchParams;
    return asked.has('from') ? { from: Number(asked.get('from')), to: Number(asked.get('to')) } : null;
};
const zoomed = async (page, test) => eventually(() => span(page) !== null && test(span(page)), 'another span in the URL').then(() => span(page));
const isPaused = page => page.locator('#pause').getAttribute('aria-pressed');

async function saved(page, daemon, button) {
    const [download] = await Promise.all([page.waitForEvent('download'), page.locator(button).click()]);
    const to = path.join(daemon.folder, download.suggestedFilename());
    await download.saveAs(to);
    return fs.readFileSync(to);
}

view('series: what is known of it now', { daemon: plant }, async ({ page, daemon, open }) => {
    await history(daemon);
    await open(LEVEL);
    await drawn(page);
    await becomes(() => page.getByRole('heading', { level: 1 }).textContent(), 'level');
    await becomes(() => fact(page, 'Rate'), /^0\.0\d+ ± ?0\.0071 \/s$|^0\.0\d+\s±\s0\.0071\s\/s$/);
    await becomes(() => fact(page, 'Limit 100'), /^in 1\d\smin/);
    await becomes(() => fact(page, 'State'), 'ok');
    await becomes(() => page.locator('#thresholds').textContent(), /TankFull.*value > 1000/);
    assert.match(await page.locator('main').textContent(), /tank=north/);
});

view('series: live, and paused', { daemon: plant }, async ({ page, daemon, open }) => {
    await history(daemon, { seconds: 60 });
    await open(LEVEL);
    await drawn(page);
    await eventually(async () => await daemon.metric('nablad_http_streams') === 1);
    const send = async value => daemon.send(`level,site=plant-03,tank=north value=${value} ${nowNs()}`);
    await send(77.25);
    await becomes(() => fact(page, 'Value'), '77.25');
    await page.locator('#pause').click();
    await becomes(() => isPaused(page), 'true');
    const held = await zoomed(page, () => true);
    await send(78.5);
    await becomes(() => fact(page, 'Value'), '78.5'); // the numbers go on, the picture stands
    assert.deepEqual(span(page), held);
    await page.locator('#pause').click();
    await becomes(() => isPaused(page), 'false');
    await eventually(() => span(page) === null, 'a URL without a span');
});

view('series: zoomed and moved by buttons, keys, wheel and drag; the URL has it', { daemon: plant },
    async ({ page, daemon, open }) => {
        await history(daemon);
        await open(LEVEL);
        await drawn(page);
        await page.locator('#zoom-in').click();
        const one = await zoomed(page, s => s.to - s.from < 460);
        await page.locator('#earlier').click();
        const two = await zoomed(page, s => s.from < one.from);
        assert.ok(Math.abs((two.to - two.from) - (one.to - one.from)) < 0.01, 'as wide as before');
        await page.reload(); // what a colleague is sent
        await drawn(page);
        assert.deepEqual(span(page), two);
        assert.equal(await isPaused(page), 'true');
        await page.locator('#chart').focus();
        await page.keyboard.press('-');
        const three = await zoomed(page, s => s.to - s.from > two.to - two.from + 1);
        await page.keyboard.press('ArrowRight');
        await zoomed(page, s => s.from > three.from);
        await page.keyboard.press('Home');
        await eventually(() => span(page) === null);
        const box = await page.locator('.pane .u-over').first().boundingBox();
        await page.mouse.move(box.x + box.width * 0.4, box.y + 50);
        await becomes(() => page.locator('#readout').textContent(), /rate 0\.0/);
        await page.mouse.down();
        await page.mouse.move(box.x + box.width * 0.5, box.y + 50, { steps: 4 });
        await page.mouse.up();
        const four = await zoomed(page, s => s.to - s.from < 450);
        await page.keyboard.down('Control');
        await page.mouse.wheel(0, -300);
        await page.keyboard.up('Control');
        await zoomed(page, s => s.to - s.from < four.to - four.from);
        await page.locator('[data-range="5m"]').click();
        await eventually(() => span(page) === null && new URL(page.url()).searchParams.get('range') === '5m');
    });

// Fingers on a telephone: move([[x, y], …]) puts them there and lifts those that are no longer named.
async function hand(page) {
    const session = await page.context().newCDPSession(page);
    let down = 0;
    return async points => {
        const type = points.length < down ? 'touchEnd' : points.length > down ? 'touchStart' : 'touchMove';
        down = points.length;
        await session.send('Input.dispatchTouchEvent', { type, touchPoints: points.map(([x, y], id) => ({ x, y, id })) });
    };
}

view('series: two fingers zoom about their middle, one moves, one that goes up scrolls the page',
    { daemon: plant, viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true }, async ({ page, daemon, open }) => {
        await history(daemon);
        const now = Date.now() / 1000;
        await open(`${LEVEL}&from=${(now - 400).toFixed(3)}&to=${now.toFixed(3)}`);
        await drawn(page);
        const begin = span(page);
        const over = page.locator('.pane .u-over').first();
        await over.scrollIntoViewIfNeeded();
        const box = await over.boundingBox();
        const y = box.y + box.height / 2;
        const at = (x, s) => s.from + ((x - box.x) / box.width) * (s.to - s.from);
        const near = (a, b, s) => Math.abs(a - b) < (s.to - s.from) / 50;
        const fingers = await hand(page);
        const middle = box.x + box.width * 0.7;
        await fingers([[middle - 25, y]]);
        await fingers([[middle - 25, y], [middle + 25, y]]);
        for (const by of [30, 40, 50]) await fingers([[middle - by, y], [middle + by, y]]);
        await fingers([]);
        const one = await zoomed(page, s => near(s.to - s.from, (begin.to - begin.from) / 2, s));
        assert.ok(near(at(middle, one), at(middle, begin), one), 'the time between the fingers stays there');
        assert.equal(await isPaused(page), 'true');

        await fingers([[middle, y]]);
        for (const by of [20, 50, 80]) await fingers([[middle - by, y]]);
        await fingers([]);
        const two = await zoomed(page, s => near(at(middle - 80, s), at(middle, one), s)); // what was under the finger goes with it
        assert.ok(Math.abs((two.to - two.from) - (one.to - one.from)) < 0.01, 'as wide as before');

        const top = () => page.evaluate(() => scrollY);
        const before = await top();
        await fingers([[middle, y]]);
        for (let by = 20; by <= 160; by += 20) await fingers([[middle, y - by]]);
        await fingers([]);
        await eventually(async () => await top() > before + 60, 'the page scrolled');
        assert.deepEqual(span(page), two);
        assert.equal(await page.evaluate(() => visualViewport.scale), 1, 'the page itself is as large as before');
        await page.locator('[data-range="5m"]').tap();
        await eventually(() => span(page) === null);
        await over.tap();
        assert.equal(await isPaused(page), 'false'); // a tap is no gesture
    });

view('series: taken along as CSV, as a picture, as a command', { daemon: plant }, async ({ page, daemon, open }) => {
    await history(daemon);
    await open(LEVEL);
    await drawn(page);
    const points = (await daemon.data(`/api/v1/points?match[]=${encodeURIComponent('level{tank="north"}')}&time=unix`))[0].points;
    await eventually(async () => {
        const [head, ...lines] = (await saved(page, daemon, '#save-csv')).toString().trimEnd().split('\n');
        assert.equal(head, 'time,value,rate,error,trend');
        return lines.length >= points.length && lines.some(line => line.split(',')[1] === String(points[50][1]));
    }, 'all points in the CSV');
    const png = await saved(page, daemon, '#save-png');
    assert.equal(png.subarray(1, 4).toString(), 'PNG');
    assert.ok(png.readUInt32BE(16) >= 240 && png.readUInt32BE(20) >= 300, 'both curves');
    await page.locator('#show-curl').click();
    const command = await page.locator('#command code').textContent();
    const [{ metric, points: same }] = JSON.parse(execFileSync('/bin/sh', ['-c', command]).toString()).data;
    assert.equal(metric.tank, 'north');
    assert.ok(same.length >= points.length - 1, `${same.length} of ${points.length}`);
});

view('series: several that match are a list', { daemon: plant }, async ({ page, daemon, open }) => {
    await history(daemon, { seconds: 60 });
    await open('?view=series&match=temperature');
    await becomes(() => page.locator('#choices li').count(), 3);
    await page.locator('#choices').getByRole('link', { name: /freezer-2/ }).click();
    await becomes(() => page.getByRole('heading', { level: 1 }).textContent(), 'temperature');
    assert.match(await page.locator('main').textContent(), /room=freezer-2/);
    await becomes(() => page.locator('#thresholds').textContent(), /FreezerWarming/);
    await page.goBack();
    await becomes(() => page.locator('#choices li').count(), 3);
});

const under = (page, rule) => page.locator(`#thresholds [data-rule="${rule}"]`);
const stands = (page, rule) => under(page, rule).evaluate(row => `${row.querySelector('.badge').textContent}; ${row.querySelector('.way').textContent}; ${
    row.querySelector('.since').textContent}`.replaceAll('\u202f', ' '));

const OVENS = { groups: [{ name: 'ovens', rules: [
    { alert: 'Hot', match: 'heat', when: 'value > 10' },
    { alert: 'HotForLong', match: 'heat', when: 'value > 10', for: '1h' },
    { alert: 'HotForAWhile', match: 'heat{oven="a"}', when: 'value > 10', for: '1s' },
    { alert: 'Elsewhere', match: 'cold', when: 'value > 10' },
] }] };

view('series: how it stands under its rules, whatever others under them do',
    { daemon: daemon => ({ rules: daemon.file('rules.yaml', JSON.stringify(OVENS)) }) }, async ({ page, daemon, open }) => {
        await daemon.send('heat,oven=a value=20\nheat,oven=b value=5');
        await open('?view=series&match=heat{oven="b"}');
        await becomes(() => stands(page, 'Hot'), 'inactive; 5 of 10; ');
        assert.equal(await stands(page, 'HotForLong'), 'inactive; 5 of 10; ');
        assert.equal(await page.locator('#thresholds li').count(), 2);
        await open('?view=series&match=heat{oven="a"}');
        await becomes(() => stands(page, 'Hot'), /^firing; 20 of 10; since [-\d :]+$/);
        await becomes(() => stands(page, 'HotForLong'), /^pending; 20 of 10; since [-\d :]+, fires after 1 h$/);
        await becomes(() => stands(page, 'HotForAWhile'), /^firing; 20 of 10; since [-\d :]+$/); // by the clock: no sample came
        assert.match(await under(page, 'Hot').locator('.since').getAttribute('title'), /^\d{4}-\d\d-\d\dT/);

        await open('?view=series&match=heat{oven="b"}');
        await becomes(() => stands(page, 'Hot'), /^inactive/);
        await page.evaluate(() => { globalThis.untouched = true; });
        await daemon.send('heat,oven=b value=30');
        await becomes(() => stands(page, 'HotForLong'), /^pending; 30 of 10; since/);
        await becomes(() => stands(page, 'Hot'), /^firing; 30 of 10; since/);
        await daemon.send('heat,oven=b value=7');
        await becomes(() => stands(page, 'Hot'), 'inactive; 7 of 10; ');
        await becomes(() => stands(page, 'HotForLong'), 'inactive; 7 of 10; ');
        assert.ok(await page.evaluate(() => globalThis.untouched), 'all that without a reload');
    });

view('series: one whose labels a hundred others have, too, and more', async ({ page, daemon, open }) => {
    const line = (labels, value) => `heat${labels} value=${value} ${nowNs()}`;
    const others = () => Array.from({ length: 100 }, (_, i) => line(`,bay=${i},oven=a`, 1)); // they come first
    await daemon.send([...others(), line(',oven=a', 2), line('', 3)].join('\n'));
    for (const [match, labels, before, after] of [['heat{oven="a"}', ',oven=a', '2', '21'], ['heat', '', '3', '31']]) {
        await open(`?view=series&match=${match}`);
        await drawn(page);
        await becomes(() => fact(page, 'Value'), before);
        assert.doesNotMatch(await page.locator('main').textContent(), /bay=/);
        await daemon.send([line(labels, after), ...others()].join('\n'));
        await becomes(() => fact(page, 'Value'), after);
        assert.doesNotMatch(await page.locator('#note').textContent(), /there no more/);
    }
});

view('series: none that matches, one without points, one of a single sample', async ({ page, daemon, open }) => {
    await open('?view=series&match=nothing');
    await page.getByText('No series matches').waitFor();
    await daemon.send(`lonely value=5 ${nowNs()}`);
    await open('?view=series&match=lonely');
    await becomes(() => fact(page, 'Value'), '5');
    assert.doesNotMatch(await page.locator('main').textContent(), /NaN|undefined|Infinity/);
    await page.getByText(/keeps no points/).waitFor();
});

view('series: what came late, was merged, held or dropped is marked',
    { daemon: () => ({ defaults: { keep: '1h', max_rate: 10, min_dt: '100ms' },
        series: [{ match: 'meter', kind: 'counter' }, { match: 'plain', late: 'drop' }] }) }, async ({ page, daemon, open }) => {
        const now = nowNs();
        const at = (s, value) => `odd value=${value} ${now + BigInt(Math.round(s * 1000)) * 1_000_000n}`;
        await daemon.send([at(-60, 1), at(-50, 2), at(-40, 3), at(-39.95, 3.1), at(-30, 4), at(-20, 5000), at(-10, 6)].join('\n'));
        await daemon.send(at(-35, 3.5)); // late
        await daemon.send(at(-10, 6)); // again
        await open('?view=series&match=odd');
        await drawn(page);
        for (const what of [/merged/, /late_inserted/, /held:/, /spike:/, /duplicate/]) await becomes(() => page.locator('#marks').textContent(), what);
        for (const [name, values, what] of [['meter', [[-9, 50], [-8, 60], [-7, 5]], /counter_reset/],
            ['plain', [[-9, 1], [-8, 2], [-7, 3], [-8.5, 4]], /late_dropped/]]) {
            for (const [s, value] of values) await daemon.send(at(s, value).replace('odd', name));
            await open(`?view=series&match=${name}`);
            await becomes(() => page.locator('#marks').textContent(), what);
        }
    });

view('series: NaN in the middle', { daemon: () => ({ defaults: { keep: '1h', on_nan: 'propagate' } }) },
    async ({ page, daemon, open }) => {
        const now = nowNs();
        await daemon.send([1, 2, 'nan', 4, 5, 6].map((v, i) => `odd value=${v} ${now + BigInt(i - 6) * SECOND}`).join('\n'));
        await open('?view=series&match=odd');
        await drawn(page);
        await becomes(() => fact(page, 'Value'), '6');
        assert.doesNotMatch(await page.locator('main').textContent(), /NaN|undefined/);
    });

view('series: a browser that stands still slows nothing', { daemon: plant }, async ({ page, daemon, open, defer }) => {
    await history(daemon, { seconds: 60 });
    await open(LEVEL);
    await drawn(page);
    await eventually(async () => await daemon.metric('nablad_http_streams') === 1);
    const session = await page.context().newCDPSession(page);
    await session.send('Debugger.enable');
    await session.send('Debugger.pause');
    defer(await live(daemon)); // what the debugger stops at is the page's next step
    const before = await daemon.metric('nablad_lines_total');
    const lines = Array.from({ length: 50_000 }, (_, i) => `level,site=plant-03,tank=north value=${i % 100}`).join('\n');
    for (let i = 0; i < 6; i++) await daemon.send(lines);
    assert.ok(await daemon.metric('nablad_lines_total') >= before + 300_000);
    await eventually(async () => await daemon.metric('nablad_feed_lost_total') > 0, 'points that the page was too slow for');
    assert.ok(await daemon.metric('nablad_http_streams') <= 1);
    await session.send('Debugger.resume');
    await session.detach();
    await daemon.send(`level,site=plant-03,tank=north value=77.75 ${nowNs()}`);
    await eventually(async () => Number.isFinite(parseFloat(await fact(page, 'Value'))), 'the page goes on');
});
