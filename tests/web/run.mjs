// run.mjs --junit FILE [FILTER]: the tests of the page. FILTER is a regular expression of "tests/web/" and a file's
// name, or of a test's title. Files run one after the other: the machine may have one core, and Chromium takes it.
import fs from 'node:fs';
import path from 'node:path';
import { run } from 'node:test';
import * as reporters from 'node:test/reporters';
import { fileURLToPath } from 'node:url';
import { document, testcases } from './junit.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));

function options(argv) {
    const at = argv.indexOf('--junit');
    const out = at < 0 ? undefined : argv.splice(at, 2)[1];
    return { out, filter: argv[0] ?? '' };
}

// The files that FILTER names, else those in which a title may hold it; these then choose among their tests.
function chosen(filter) {
    const files = fs.readdirSync(here).filter(name => name.endsWith('.test.mjs')).sort();
    const wanted = new RegExp(filter);
    const named = files.filter(name => wanted.test(`tests/web/${name}`));
    if (named.length > 0) return named;
    process.env.NABLA_FILTER = filter;
    return files.filter(name => fs.readFileSync(path.join(here, name), 'utf8').split('\n')
        .some(line => /^\s*view\(/.test(line) && wanted.test(line)));
}

// spec is a class in some versions of node and a function that makes one in others.
const spec = () => {
    try {
        return new reporters.spec();
    } catch {
        return reporters.spec();
    }
};

const { out, filter } = options(process.argv.slice(2));
const parts = [];
for (const file of chosen(filter)) {
    const events = run({ files: [path.join(here, file)], concurrency: 1 });
    const told = spec();
    told.pipe(process.stderr, { end: false });
    const seen = async function* () {
        for await (const event of events) {
            told.write(event);
            yield event;
        }
        told.end();
    };
    const { text, failures } = await testcases(seen(), file);
    parts.push(text);
    if (failures > 0) process.exitCode = 1;
}
if (out) fs.writeFileSync(out, document(parts));
