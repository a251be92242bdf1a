// A test of the page: one browser a file of tests, for each test a daemon and a page of its own. What the browser
// complains about fails the test.
//
//     import { view } from './browser.mjs';
//     view('shows a value', { daemon: …, colorScheme: 'dark' }, async ({ page, daemon }) => {…});
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, visit } from './chromium.mjs';
import { Daemon, DEADLINE_MS } from './daemon.mjs';

let browser;
before(async () => { browser = await launch(); });
after(async () => { await browser?.close(); });

export function judge(page) {
    const unexpected = page.faults.filter(fault => !page.expected.some(pattern => pattern.test(fault)));
    assert.deepEqual(unexpected, [], 'what the browser complained about');
}

// view(TITLE, [{ daemon: a function of the daemon that gives its configuration, …options of the context }], BODY)
export function view(title, options, body) {
    if (typeof options === 'function') return view(title, {}, options);
    if (process.env.NABLA_FILTER && !new RegExp(process.env.NABLA_FILTER).test(title)) return undefined;
    const { daemon: config, ...more } = options;
    return test(title, { timeout: 2 * DEADLINE_MS }, async t => {
        const daemon = new Daemon(config);
        const cleanup = [() => daemon.stop()];
        try {
            await daemon.start();
            const page = await visit(browser, daemon, more);
            cleanup.unshift(() => page.context().close());
            const open = (query = '') => page.goto(`${daemon.url}/${query}`);
            await body({ t, page, daemon, open, defer: last => cleanup.unshift(last) });
            judge(page);
        } finally {
            for (const last of cleanup) await last();
        }
    });
}
