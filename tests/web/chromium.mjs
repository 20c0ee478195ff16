// SPDX-License-Identifier: GPL-2.0-or-later
// A headless Chromium, driven over pipes (the DevTools protocol), with one page.
import child from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

export class Chromium {
    constructor(program) {
        this.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'toa-web-'));
        this.process = child.spawn(program, ['--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage',
                                             '--no-first-run', '--remote-debugging-pipe', `--user-data-dir=${this.folder}`],
                                   {stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
                                    env: {...process.env, HOME: this.folder}});
        this.waiting = new Map();
        this.events = [];
        this.number = 0;
        let text = '';
        this.process.stdio[4].setEncoding('utf8').on('data', part => {
            text += part;
            for (let end; (end = text.indexOf('\0')) >= 0; text = text.slice(end + 1)) {
                this.take(JSON.parse(text.slice(0, end)));
            }
        });
    }

    take(message) {
        const waits = this.waiting.get(message.id);
        if (!waits) {
            this.events.push(message);
            return;
        }
        this.waiting.delete(message.id);
        if (message.error) {
            waits.reject(new Error(`${waits.method}: ${message.error.message}`));
        } else {
            waits.resolve(message.result);
        }
    }

    send(method, params = {}) {
        const id = ++this.number, inPage = !method.startsWith('Target.') && !method.startsWith('Browser.');
        return new Promise((resolve, reject) => {
            this.waiting.set(id, {resolve, reject, method});
            this.process.stdio[3].write(`${JSON.stringify({id, method, params, ...(inPage && {sessionId: this.session})})}\0`);
        });
    }

    async open(file) {
        const {targetId} = await this.send('Target.createTarget', {url: 'about:blank'});
        this.session = (await this.send('Target.attachToTarget', {targetId, flatten: true})).sessionId;
        for (const domain of ['Page', 'Runtime', 'Network', 'Log', 'DOM']) {
            await this.send(`${domain}.enable`);
        }
        // workers, too: their requests are told in sessions of their own
        await this.send('Target.setAutoAttach', {autoAttach: true, waitForDebuggerOnStart: false, flatten: true});
        await this.send('Page.navigate', {url: `file://${file}`});
        await this.until('document.readyState === "complete"');
    }

    async run(expression) {
        const {result, exceptionDetails} = await this.send('Runtime.evaluate', {expression, awaitPromise: true, returnByValue: true});
        if (exceptionDetails) {
            throw new Error(`${expression}: ${exceptionDetails.exception?.description || exceptionDetails.text}`);
        }
        return result.value;
    }

    async until(expression, seconds = 60) {
        for (const end = Date.now() + seconds * 1000; Date.now() < end; await new Promise(done => setTimeout(done, 20))) {
            if (await this.run(expression)) {
                return;
            }
        }
        throw new Error(`not within ${seconds} s: ${expression}`);
    }

    async choose(files) {
        const {root} = await this.send('DOM.getDocument');
        const {nodeId} = await this.send('DOM.querySelector', {nodeId: root.nodeId, selector: '#files'});
        await this.send('DOM.setFileInputFiles', {nodeId, files});
    }

    // Until the worker has ended, however it has.
    async finish(seconds) {
        await this.until('document.getElementById("work").hidden && document.getElementById("status").textContent !== ""', seconds);
    }

    async look(width, dark, file) {
        await this.send('Emulation.setDeviceMetricsOverride', {width, height: 900, deviceScaleFactor: 1, mobile: false});
        await this.send('Emulation.setEmulatedMedia', {features: [{name: 'prefers-color-scheme', value: dark ? 'dark' : 'light'}]});
        const size = await this.run('({width: document.documentElement.scrollWidth, height: document.documentElement.scrollHeight})');
        if (file) {
            const {data} = await this.send('Page.captureScreenshot', {captureBeyondViewport: true,
                clip: {x: 0, y: 0, width, height: Math.min(size.height, 2400), scale: 1}});
            fs.writeFileSync(file, Buffer.from(data, 'base64'));
        }
        return size;
    }

    async close() {
        const gone = new Promise(done => this.process.once('exit', done));
        this.send('Browser.close').catch(() => {});
        const late = setTimeout(() => this.process.kill('SIGKILL'), 5000);
        await gone;
        clearTimeout(late);
        fs.rmSync(this.folder, {recursive: true, force: true, maxRetries: 5});
    }
}
