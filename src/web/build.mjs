// build.mjs MODULES OUT.c -- bundles src/web and writes the files that nablad serves as one C source.
//
//     main.ts, views, uPlot ──esbuild──► app.js ─┐
//     style.css             ──esbuild──► app.css ┼─gzip──► page_files[] (src/http/page_files.h)
//     index.html, icon.svg  ─────────────────────┘
//
// Law: the same sources give the same bytes, whenever and wherever they are built.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const here = dirname(fileURLToPath(import.meta.url));
const [modules, out] = process.argv.slice(2).map((p) => resolve(p));
const esbuild = createRequire(join(modules, 'x.js'))('esbuild');

// uPlot's licence wants to be where uPlot is.
const licence = readFileSync(join(modules, 'node_modules/uplot/LICENSE'), 'utf8').trim();

async function bundle() {
    const built = await esbuild.build({
        entryPoints: { app: join(here, 'main.ts') },
        nodePaths: [join(modules, 'node_modules')],
        banner: { js: `/*! uPlot\n${licence}\n*/` },
        bundle: true,
        minify: true,
        legalComments: 'none',
        format: 'iife',
        target: 'es2020',
        charset: 'utf8',
        write: false,
        outdir: dirname(out),
        logLevel: 'warning',
    });
    return built.outputFiles.map((f) => ({ name: basename(f.path), bytes: f.contents }));
}

const plain = (name) => ({ name, bytes: readFileSync(join(here, name)) });

const types = {
    html: 'text/html; charset=utf-8',
    js: 'text/javascript; charset=utf-8',
    css: 'text/css; charset=utf-8',
    svg: 'image/svg+xml',
};

function row({ name, bytes }, i) {
    const tag = createHash('sha256').update(bytes).digest('hex').slice(0, 20);
    const type = types[name.split('.').pop()];
    const packed = gzipSync(bytes, { level: 9 }).length;
    return `    {"${name}", "${type}", "\\"${tag}\\"", packed_${i}, ${packed}, ${bytes.length}},`;
}

function data({ bytes }, i) {
    const packed = gzipSync(bytes, { level: 9 });
    const lines = [];
    for (let at = 0; at < packed.length; at += 32) lines.push(packed.subarray(at, at + 32).join(','));
    return `static const unsigned char packed_${i}[] = {\n${lines.join(',\n')}};\n`;
}

const files = [plain('index.html'), ...(await bundle()), plain('icon.svg')];
const text = `#include "http/page_files.h"

${files.map(data).join('')}
const struct page_file page_files[] = {
${files.map(row).join('\n')}
};
const uint32_t page_files_n = ${files.length};
`;
mkdirSync(dirname(out), { recursive: true });
writeFileSync(`${out}.new`, text);
renameSync(`${out}.new`, out);
