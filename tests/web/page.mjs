// SPDX-License-Identifier: GPL-2.0-or-later
// What toa.html has in it, and files for it, outside of a browser.
import crypto from 'node:crypto';
import fs from 'node:fs';
import zlib from 'node:zlib';

function element(page, id) {
    const start = page.indexOf('>', page.indexOf(`<script id="${id}"`)) + 1;
    return page.slice(start, page.indexOf('</script>', start));
}

// {module, diagnose}: the very code that the page runs.
export function load(path) {
    const page = fs.readFileSync(path, 'utf8');
    const diagnose = new Function('crypto', `${element(page, 'worker')};return diagnose;`)(crypto.webcrypto);
    const bytesOf = new Function(`${page.match(/^function bytesOf[^]*?^}/m)[0]};return bytesOf;`)();
    return {module: new WebAssembly.Module(zlib.gunzipSync(bytesOf(element(page, 'module')))), diagnose};
}

export function memoryFile(path, bytes) {
    return {path, size: bytes.length, read: (at, length) => bytes.subarray(at, at + Math.max(length, 0))};
}

// A pcap file (little-endian) as so many, of about as many packets each.
export function cut(bytes, pieces) {
    const starts = [];
    for (let at = 24; at + 16 <= bytes.length; at += 16 + bytes.readUInt32LE(at + 8)) {
        starts.push(at);
    }
    const edges = Array.from({length: pieces}, (_, i) => starts[Math.floor(starts.length * i / pieces)]);
    return edges.map((from, i) => Buffer.concat([bytes.subarray(0, 24), bytes.subarray(from, edges[i + 1])]));
}

// As the page has it: gzip is unpacked in front of the module.
export function diskFile(path) {
    const bytes = fs.readFileSync(path);
    return memoryFile(path, bytes[0] === 0x1f && bytes[1] === 0x8b ? zlib.gunzipSync(bytes) : bytes);
}

export function report(page, files, options) {
    return page.diagnose(page.module, files, {notes: true, max: 5, ...options}, () => {});
}
