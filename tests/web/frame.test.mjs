// What holds for every view of the page: its frame, its place in the URL, its size.
import assert from 'node:assert/strict';
import { view } from './browser.mjs';

view('the page opens and says what it is', async ({ page, open }) => {
    await open();
    assert.match(await page.title(), /nabla/);
    await page.getByRole('heading', { level: 1 }).waitFor();
});
