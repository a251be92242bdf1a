// Debian's Chromium on the page of a real nablad: one browser a file of tests, for each test a daemon and a page of its
// own. What the browser complains about (errors of scripts, breaches of the policy, requests to others) fails the test.
//
//     import { view } from './browser.mjs';
//     view('shows a value', { http: {…} }, async ({ page, daemon }) => {…});
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Daemon, DEADLINE_MS, ROOT } from './daemon.mjs';

const require = createRequire(path.join(ROOT, 'build/web-tests/'));
const { chromium } = require('playwright-core');

const WIDE = { width: 1200, height: 900 };

export const launch = (args = []) => chromium.launch({
    executablePath: '/usr/bin/chromium',
    timeout: DEADLINE_MS,
    args: ['--disable-gpu', '--disable-dev-shm-usage', ...(process.getuid() === 0 ? ['--no-sandbox'] : []), ...args],
});

let browser;
before(async () => { browser = await launch(); });
after(async () => { await browser?.close(); });

// Every complaint of the page's, as text.
function listen(page, origin, faults) {
    page.on('console', said => {
        if (said.type() === 'error' || said.type() === 'warning')
            faults.push(`console: ${said.text()} (${said.location().url})`);
    });
    page.on('pageerror', fault => faults.push(`script: ${fault.stack ?? fault}`));
    page.on('crash', () => faults.push('the page crashed'));
    page.on('request', request => {
        if (!request.url().startsWith(origin) && !/^(data|blob):/.test(request.url()))
            faults.push(`a request to another: ${request.url()}`);
    });
}

// A page in a context of its own. options: those of playwright's newContext.
export async function visit(daemon, options = {}, of = browser) {
    const context = await of.newContext({ viewport: WIDE, timezoneId: 'Europe/Berlin', locale: 'en-GB', ...options });
    context.setDefaultTimeout(DEADLINE_MS);
    const page = await context.newPage();
    page.faults = [];
    page.expected = []; // patterns of complaints that the test provokes
    listen(page, daemon.url, page.faults);
    return page;
}

export function judge(page) {
    const unexpected = page.faults.filter(fault => !page.expected.some(pattern => pattern.test(fault)));
    assert.deepEqual(unexpected, [], 'what the browser complained about');
}

// view(TITLE, [{ daemon: its configuration, …options of the context }], BODY): one test.
export function view(title, options, body) {
    if (typeof options === 'function') return view(title, {}, options);
    if (process.env.NABLA_FILTER && !new RegExp(process.env.NABLA_FILTER).test(title)) return undefined;
    const { daemon: config, ...more } = options;
    return test(title, { timeout: 2 * DEADLINE_MS }, async t => {
        const daemon = new Daemon(typeof config === 'function' ? {} : config);
        if (typeof config === 'function') Object.assign(daemon.config, config(daemon));
        const cleanup = [() => daemon.stop()];
        try {
            await daemon.start();
            const page = await visit(daemon, more);
            cleanup.unshift(() => page.context().close());
            const open = (query = '') => page.goto(`${daemon.url}/${query}`);
            await body({ t, page, daemon, open, defer: last => cleanup.unshift(last) });
            judge(page);
        } finally {
            for (const last of cleanup) await last();
        }
    });
}
