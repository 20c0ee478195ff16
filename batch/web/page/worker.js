// Runs the module over some captures. In the page this is a Web Worker; tests run it in Node, with files of their own.
// A file: {path, size, read(at, length) -> Uint8Array, of fewer bytes only at the end}.
'use strict';

const ERRNO = {SUCCESS: 0, BADF: 8, INVAL: 28, NOENT: 44, NOSYS: 52};
const ROOT = 3; // the descriptor of the folder that all files are in

// As much of a WASI system as the module asks for: files that can be read, standard output and error, a clock, chance.
class System {
    constructor(files, onRead) {
        this.files = new Map(files.map(file => [file.path.replace(/^\/+/, ''), file]));
        this.open = new Map(); // descriptor -> {file, at}
        this.next = ROOT + 1;
        this.latest = null; // the file that was opened last
        this.onRead = onRead;
        this.written = [];
        this.errors = '';
        this.decoder = new TextDecoder();
        const calls = {};
        for (const name of Object.getOwnPropertyNames(System.prototype)) {
            if (name.includes('_')) {
                calls[name] = this[name].bind(this);
            }
        }
        // what is not here the module has, but does not need
        this.imports = {wasi_snapshot_preview1: new Proxy(calls, {get: (all, name) => all[name] || (() => ERRNO.NOSYS)})};
    }

    start(instance) {
        this.memory = instance.exports.memory;
        instance.exports._initialize();
    }

    view() {
        return new DataView(this.memory.buffer);
    }

    bytes(at, length) {
        return new Uint8Array(this.memory.buffer, at, length);
    }

    // What was written to standard output since it was last asked for.
    output() {
        const blocks = this.written;
        this.written = [];
        const all = new Uint8Array(blocks.reduce((sum, block) => sum + block.length, 0));
        let at = 0;
        for (const block of blocks) {
            all.set(block, at);
            at += block.length;
        }
        return new TextDecoder().decode(all);
    }

    // Lines of standard error.
    said() {
        return this.errors.split('\n').filter(line => line).map(line => line.replace(/^toa-scan: /, ''));
    }

    fd_prestat_get(fd, at) {
        if (fd !== ROOT) {
            return ERRNO.BADF;
        }
        this.view().setUint32(at, 0, true);
        this.view().setUint32(at + 4, 1, true);
        return ERRNO.SUCCESS;
    }

    fd_prestat_dir_name(fd, at) {
        this.bytes(at, 1)[0] = 0x2f;
        return fd === ROOT ? ERRNO.SUCCESS : ERRNO.BADF;
    }

    lookUp(at, length) {
        return this.files.get(new TextDecoder().decode(this.bytes(at, length).slice()));
    }

    path_open(folder, flags, at, length, oflags, rights, inheriting, fdflags, result) {
        const file = this.lookUp(at, length);
        if (!file) {
            return ERRNO.NOENT;
        }
        this.open.set(this.next, {file, at: 0});
        this.latest = file;
        this.view().setUint32(result, this.next++, true);
        return ERRNO.SUCCESS;
    }

    path_filestat_get(folder, flags, at, length, result) {
        const file = this.lookUp(at, length);
        if (!file) {
            return ERRNO.NOENT;
        }
        this.bytes(result, 64).fill(0);
        this.view().setUint8(result + 16, 4); // a regular file
        this.view().setBigUint64(result + 32, BigInt(file.size), true);
        return ERRNO.SUCCESS;
    }

    fd_fdstat_get(fd, result) {
        if (fd > ROOT && !this.open.has(fd)) {
            return ERRNO.BADF;
        }
        this.bytes(result, 24).fill(0);
        this.view().setUint8(result, fd === ROOT ? 3 : fd < ROOT ? 2 : 4);
        this.view().setBigUint64(result + 8, ~0n, true);
        this.view().setBigUint64(result + 16, ~0n, true);
        return ERRNO.SUCCESS;
    }

    // Fills the buffers from the file; returns how many bytes.
    fill(file, position, vectors, count) {
        let done = 0;
        for (let i = 0; i < count; i++) {
            const at = this.view().getUint32(vectors + i * 8, true), length = this.view().getUint32(vectors + i * 8 + 4, true);
            const got = file.read(position + done, Math.min(length, file.size - position - done));
            this.bytes(at, got.length).set(got);
            done += got.length;
            if (got.length < length) {
                break;
            }
        }
        return done;
    }

    fd_read(fd, vectors, count, result) {
        const from = this.open.get(fd);
        if (!from) {
            return ERRNO.BADF;
        }
        const done = this.fill(from.file, from.at, vectors, count);
        from.at += done;
        this.onRead(from.file, from.at);
        this.view().setUint32(result, done, true);
        return ERRNO.SUCCESS;
    }

    fd_pread(fd, vectors, count, position, result) {
        const from = this.open.get(fd);
        if (!from) {
            return ERRNO.BADF;
        }
        this.view().setUint32(result, this.fill(from.file, Math.min(Number(position), from.file.size), vectors, count), true);
        return ERRNO.SUCCESS;
    }

    fd_write(fd, vectors, count, result) {
        let done = 0;
        for (let i = 0; i < count; i++) {
            const at = this.view().getUint32(vectors + i * 8, true), length = this.view().getUint32(vectors + i * 8 + 4, true);
            const block = this.bytes(at, length).slice();
            done += length;
            if (fd === 1) {
                this.written.push(block);
            } else {
                this.errors += this.decoder.decode(block, {stream: true});
            }
        }
        this.view().setUint32(result, done, true);
        return ERRNO.SUCCESS;
    }

    fd_close(fd) {
        return this.open.delete(fd) || fd < ROOT ? ERRNO.SUCCESS : ERRNO.BADF;
    }

    clock_time_get(id, precision, result) {
        this.view().setBigUint64(result, BigInt(Date.now()) * 1000000n, true);
        return ERRNO.SUCCESS;
    }

    random_get(at, length) {
        for (let done = 0; done < length; done += 65536) {
            crypto.getRandomValues(this.bytes(at + done, Math.min(65536, length - done)));
        }
        return ERRNO.SUCCESS;
    }

    proc_exit(code) {
        throw new Error(`ended with status ${code}`);
    }
}

// Reads, joins and tells. options: notes (also what is no warning), max (incidents told in full; 0: all). Returns {text,
// json, html, said}: three reports, and what else there is to say. A file at which the module fails is left out.
function diagnose(module, files, options, onProgress) {
    const left = files.slice(), lost = [];
    for (;;) {
        const total = left.reduce((sum, file) => sum + file.size, 0), done = new Map();
        const system = new System(left, (file, at) => {
            done.set(file, Math.max(done.get(file) || 0, at));
            onProgress([...done.values()].reduce((sum, n) => sum + n, 0), total);
        });
        let reading = true;
        try {
            const instance = new WebAssembly.Instance(module, system.imports), web = instance.exports;
            system.start(instance);
            web.web_open();
            for (const file of left) {
                const path = new TextEncoder().encode(file.path);
                const at = web.web_text(path.length);
                system.bytes(at, path.length + 1).set([...path, 0]);
                web.web_add(at);
            }
            web.web_read();
            reading = false;
            onProgress(total, total);
            if (web.web_join(options.notes ? 1 : 0) !== 0) {
                throw new Error('the captures could not be joined');
            }
            const print = (what, max) => {
                web.web_print(what.charCodeAt(0), max);
                return system.output();
            };
            return {json: print('j', 0), text: print('t', options.max), html: print('h', 0), said: [...lost, ...system.said()]};
        } catch (error) {
            const why = system.said().filter(line => line === 'out of memory').length ? 'out of memory' : error.message;
            const current = system.latest;
            if (!reading || !current) {
                throw new Error(`${why}. ${[...lost, ...system.said()].join('. ')}`);
            }
            lost.push(`${current.path}: left out, the reader failed at it: ${why}`);
            left.splice(left.indexOf(current), 1);
        }
    }
}

// ---- as a Web Worker ----

const PACKED = [['zstd', [0x28, 0xb5, 0x2f, 0xfd]], ['LZ4', [0x04, 0x22, 0x4d, 0x18]], ['bzip2', [0x42, 0x5a, 0x68]],
                ['xz', [0xfd, 0x37, 0x7a, 0x58]], ['zip', [0x50, 0x4b, 0x03, 0x04]]];
const UNPACKED_MAX = 8 * 2 ** 30; // what is packed can be anything

function begins(head, magic) {
    return magic.every((byte, i) => head[i] === byte);
}

// The Blob unpacked; what is no gzip as it is.
async function unpack(path, blob) {
    const head = new Uint8Array(await blob.slice(0, 4).arrayBuffer());
    const other = PACKED.find(([, magic]) => begins(head, magic));
    if (other) {
        throw new Error(`${path}: it is packed with ${other[0]}. Unpack it first`);
    }
    if (!begins(head, [0x1f, 0x8b])) {
        return blob;
    }
    const parts = [], reader = blob.stream().pipeThrough(new DecompressionStream('gzip')).getReader();
    for (let size = 0, held = []; ;) {
        let next;
        try {
            next = await reader.read();
        } catch (error) {
            throw new Error(`${path}: its gzip data are damaged. Unpack it first`);
        }
        if (next.value) {
            held.push(next.value);
            size += next.value.length;
        }
        if (held.length > 1000 || next.done) { // as Blobs, which need not be in memory
            parts.push(new Blob(held));
            held = [];
        }
        if (next.done) {
            return new Blob(parts);
        }
        if (size > UNPACKED_MAX) {
            throw new Error(`${path}: more than 8 GiB unpacked`);
        }
    }
}

if (typeof WorkerGlobalScope !== 'undefined') {
    onmessage = async ({data: {code, inputs, options}}) => {
        const files = [], said = [];
        let shown = 0;
        const progress = (done, total) => {
            const now = Date.now();
            if (now - shown > 100 || done === total) {
                shown = now;
                postMessage({done, total});
            }
        };
        try {
            for (const {path, blob} of inputs) {
                try {
                    const data = await unpack(path, blob), reader = new FileReaderSync();
                    files.push({path, size: data.size, read: (at, length) => new Uint8Array(
                        length > 0 ? reader.readAsArrayBuffer(data.slice(at, at + length)) : 0)});
                } catch (error) {
                    said.push(error.message);
                }
            }
            const result = diagnose(await WebAssembly.compile(code), files, options, progress);
            postMessage({result: {...result, said: [...said, ...result.said]}});
        } catch (error) {
            postMessage({error: error.message});
        }
    };
}
