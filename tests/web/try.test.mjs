// The view "try": what is pasted, chosen and dropped is differentiated as numpy does it, and wrong input gets a sentence.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { view } from './browser.mjs';
import { eventually } from './daemon.mjs';

const numbers = page => page.getByLabel('Numbers', { exact: true });
const said = page => page.locator('.said');
const option = (page, label) => page.locator('.options').getByLabel(label, { exact: true });

// The cells of a column of the table, exact, as text.
async function column(page, name) {
    const heads = await page.locator('.numbers thead th').allTextContents();
    const at = heads.indexOf(name);
    if (at < 0) return [];
    return page.locator(`.numbers tbody td:nth-child(${at + 1})`).evaluateAll(cells => cells.map(c => c.title));
}

const shows = (page, want, name = 'gradient') => eventually(async () => {
    const got = await column(page, name);
    return JSON.stringify(got) === JSON.stringify(want.map(v => v === null ? 'not known' : String(v))) && got;
}, `${name}: ${want}`).catch(async fault => {
    throw new Error(`${fault.message}; ${await said(page).textContent()}; ${await column(page, name)}`);
});

const refuses = (page, pattern) => eventually(async () => {
    const text = await said(page).textContent();
    return pattern.test(text) && await page.locator('.said.fault').count() === 1 && await page.locator('.numbers').count() === 0;
}, `${pattern} is said`).catch(async fault => {
    throw new Error(`${fault.message}; ${await said(page).textContent()}`);
});

// What the code on the page gives when Python runs it in a folder; NaN as null.
function inNumpy(code, folder) {
    const asked = code.replace(/^print\((.*)\)$/m,
        'import json\nprint(json.dumps(np.asarray($1, dtype=float).tolist()).replace("NaN", "null"))');
    return JSON.parse(execFileSync('/usr/bin/python3', ['-c', asked], { cwd: folder }).toString());
}

const numpyCode = page => page.getByLabel('The same in numpy').textContent();

const answers = (page, status) => page.expected.push(new RegExp(`the server responded with a status of ${status}`));

view('try: squares, and what numpy makes of them', async ({ page, open, daemon }) => {
    await open('?view=try');
    await numbers(page).fill('0\n1\n4\n9\n16');
    await shows(page, [1, 2, 4, 6, 7]);
    assert.deepEqual(inNumpy(await numpyCode(page), daemon.folder), [1, 2, 4, 6, 7]);
    await option(page, 'edge_order').selectOption('2');
    await shows(page, [0, 2, 4, 6, 8]);
    assert.match(page.url(), /edge=2/);
    assert.deepEqual(inNumpy(await numpyCode(page), daemon.folder), [0, 2, 4, 6, 8]);
    await option(page, 'Step').fill('0.5');
    await shows(page, [0, 4, 8, 12, 16]);
    assert.deepEqual(inNumpy(await numpyCode(page), daemon.folder), [0, 4, 8, 12, 16]);
});

view('try: a column as the spacing, accurate, float32', async ({ page, open, daemon }) => {
    await open('?view=try');
    await numbers(page).fill('x,y\n0,0.1\n0.1,0.1\n0.3,0.1\n0.35,0.1');
    await option(page, 'Mode').selectOption('accurate');
    await shows(page, [0, 0, 0, 0]); // divided differences: a constant is flat
    await numbers(page).fill('x,y\n0,0\n1,1\n3,9\n4,16');
    await shows(page, [1, 2, 6, 7]);
    await option(page, 'Spacing').selectOption('1');
    await option(page, 'Mode').selectOption('');
    await option(page, 'Values').selectOption('y');
    await shows(page, [1, 4.5, 7.5, 7]);
    await option(page, 'dtype').selectOption('float32');
    await numbers(page).fill('x,y\n0,0.1\n1,0.3\n2,0.7');
    await eventually(async () => (await column(page, 'gradient')).length === 3);
    assert.deepEqual((await column(page, 'gradient')).map(text => Math.fround(Number(text))),
        inNumpy(await numpyCode(page), daemon.folder).map(Math.fround));
});

view('try: all columns as a matrix, along each axis', async ({ page, open, daemon }) => {
    await open('?view=try');
    await numbers(page).fill('1,2,6\n3,4,5');
    await option(page, 'Values').selectOption('*');
    await shows(page, [2, 2], 'gradient 0 of column 1');
    await shows(page, [-1, -1], 'gradient 0 of column 3');
    await shows(page, [1, 1], 'gradient 1 of column 1');
    assert.deepEqual(inNumpy(await numpyCode(page), daemon.folder),
        [[[2, 2, -1], [2, 2, -1]], [[1, 2.5, 4], [1, 1, 1]]]);
    await option(page, 'Axis').selectOption('1');
    await option(page, 'Step along axis 1').fill('2');
    await shows(page, [1.25, 0.5], 'gradient 1 of column 2');
    assert.deepEqual(inNumpy(await numpyCode(page), daemon.folder), [[0.5, 1.25, 2], [0.5, 0.5, 0.5]]);
});

view('try: lines, a series of two, by time', async ({ page, open }) => {
    await open('?view=try');
    await numbers(page).fill('t,r=a value=1 1000000000\nt,r=b value=5 1000000000\nt,r=a value=3 2000000000\nt,r=b value=4 3000000000');
    await shows(page, [2, 2]);
    await option(page, 'Series').selectOption('t{r="b"}');
    await shows(page, [-0.5, -0.5]);
});

view('try: the URL carries the options, Back and a reload keep them', async ({ page, open }) => {
    await open('?view=try&example=squares&edge=2&spacing=0.5');
    await shows(page, [0, 4, 8, 12, 16]);
    await page.reload();
    await shows(page, [0, 4, 8, 12, 16]);
    assert.equal(await option(page, 'edge_order').inputValue(), '2');
});

view('try: missing values, and what was left out', async ({ page, open }) => {
    await open('?view=try');
    await numbers(page).fill('v,where\n0,a\n1,b\nnan,c\n3,d\n4,e');
    await shows(page, [1, null, 1, null, 1]);
    assert.match(await said(page).textContent(), /2 of 5 numbers are not finite.*left out, as it is text: where/);
});

view('try: what is wrong is said, by the page and by the daemon', async ({ page, open }) => {
    answers(page, 400);
    await open('?view=try');
    for (const [text, pattern] of [
        ['1\n2\nthree', /^Line 3: “three” is not a number\.$/],
        ['a,b\n1,2\n3', /^Line 3: 1 column; the first line has 2\.$/],
        ['5', /too few|at least|element/i],
    ]) {
        await numbers(page).fill(text);
        await refuses(page, pattern);
    }
    await numbers(page).fill('1\n2');
    await option(page, 'edge_order').selectOption('2');
    await refuses(page, /edge_order|edge order/);
    await numbers(page).fill('1\n2\n4');
    await shows(page, [0.5, 1.5, 2.5]);
    await numbers(page).fill('');
    await eventually(async () => /No numbers yet/.test(await said(page).textContent()));
});

view('try: more than the daemon takes', { daemon: () => ({ gradient: { max_elements: 100, max_body: '64KiB' } }) },
    async ({ page, open, daemon }) => {
        answers(page, 413);
        await open('?view=try');
        await numbers(page).fill('1\n'.repeat(101));
        await refuses(page, /101|max_elements|elements/);
        const file = path.join(daemon.folder, 'large.csv');
        fs.writeFileSync(file, 'x'.repeat(32 * 1024 * 1024 + 1));
        await page.locator('input[type=file]').setInputFiles(file);
        await refuses(page, /^large\.csv has 33554433 bytes; at most 33554432/);
        await numbers(page).fill('1\n4\n9');
        await shows(page, [3, 4, 5]);
    });

view('try: a file of a hundred thousand rows, dropped; its CSV has all', async ({ page, open, daemon }) => {
    await open('?view=try');
    const rows = Array.from({ length: 100_000 }, (_, i) => `${i},${i * i}`);
    await page.evaluate(text => {
        const carried = new DataTransfer();
        carried.items.add(new File([text], 'parabola.csv', { type: 'text/csv' }));
        for (const name of ['dragover', 'drop'])
            document.querySelector('main').dispatchEvent(new DragEvent(name, { dataTransfer: carried, bubbles: true, cancelable: true }));
    }, `x,y\n${rows.join('\n')}`);
    await eventually(async () => (await column(page, 'gradient')).length === 200);
    assert.match(await page.locator('.numbers').textContent(), /The first 200 of 100000 rows/);
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download CSV' }).click()]);
    const saved = path.join(daemon.folder, download.suggestedFilename());
    await download.saveAs(saved);
    const lines = fs.readFileSync(saved, 'utf8').trimEnd().split('\n');
    assert.equal(lines.length, 100_001);
    assert.deepEqual([lines[0], lines[1], lines[3], lines[100_000]],
        ['x,y,gradient', '0,0,1', '2,4,4', '99999,9999800001,199997']);
    const again = inNumpy(await numpyCode(page), daemon.folder); // reads the CSV that was downloaded
    assert.deepEqual([again.length, again[2], again[99_999]], [100_000, 4, 199_997]);
});

view('try: nothing is stored', async ({ page, open, daemon }) => {
    await open('?view=try');
    await page.getByRole('button', { name: 'lines' }).click();
    await eventually(async () => (await column(page, 'gradient')).length === 4);
    assert.equal(await daemon.metric('nablad_series'), 0);
    assert.equal(await page.evaluate(() => localStorage.length + sessionStorage.length), 0);
    assert.ok(!page.url().includes('temperature'), page.url());
});

view('try: the examples all compute', async ({ page, open }) => {
    await open('?view=try');
    for (const button of await page.locator('.input button.quiet').all()) {
        await button.click();
        await eventually(async () => /answered in/.test(await said(page).textContent()), await button.textContent());
        assert.ok(await page.locator('.numbers tbody tr').count() >= 4);
    }
});

view('try: markup in a heading is text', async ({ page, open }) => {
    const name = '<img src=x onerror="document.title=1">';
    await open('?view=try');
    await numbers(page).fill(`"${name.replaceAll('"', '""')}",b\n1,2\n2,4`);
    await shows(page, [1, 1]);
    assert.ok((await page.locator('.numbers th').allTextContents()).includes(name));
    assert.equal(await page.locator('main img').count(), 0);
    assert.notEqual(await page.title(), '1');
});
