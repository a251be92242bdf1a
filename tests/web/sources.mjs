// A module of src/web as node can run it: types away, what it imports with it.
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT } from './daemon.mjs';

const esbuild = createRequire(path.join(ROOT, 'build/web/'))('esbuild');

export async function load(name) {
    const outfile = path.join(ROOT, 'build/web-tests/sources', `${name}.mjs`);
    await esbuild.build({ entryPoints: [path.join(ROOT, 'src/web', name)], bundle: true, format: 'esm', charset: 'utf8',
        outfile, logLevel: 'silent' });
    return import(pathToFileURL(outfile));
}
