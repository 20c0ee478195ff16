// The page: takes captures, has a worker diagnose them, shows and saves what it says. All words of the result come from it.
'use strict';

const $ = id => document.getElementById(id);
const style = new CSSStyleSheet(); // the report's own
let code, worker, result, url;

document.adoptedStyleSheets = [style];

// What the script "pack" has written: a length, and five letters for four bytes.
function bytesOf(text) {
    const letters = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;/=>?@^_`{|}~';
    const value = new Uint8Array(128), start = text.indexOf(' ') + 1, view = new DataView(new ArrayBuffer((text.length - start) / 5 * 4));
    [...letters].forEach((letter, i) => { value[letter.charCodeAt(0)] = i; });
    for (let at = start, to = 0; at < text.length; to += 4) {
        let word = 0;
        for (const end = at + 5; at < end; at++) {
            word = word * 85 + value[text.charCodeAt(at)];
        }
        view.setUint32(to, word);
    }
    return new Uint8Array(view.buffer, 0, parseInt(text, 10));
}

// The module, packed with gzip.
async function unpackModule() {
    const stream = new Blob([bytesOf($('module').textContent)]).stream().pipeThrough(new DecompressionStream('gzip'));
    return new Response(stream).arrayBuffer();
}

function say(text, bad) {
    $('status').textContent = text;
    $('status').className = bad ? 'warn' : '';
}

function show(id, visible) {
    $(id).hidden = !visible;
}

function end() {
    if (worker) {
        worker.terminate();
        URL.revokeObjectURL(url);
        worker = null;
    }
    show('work', false);
}

function list(lines) {
    $('said').replaceChildren(...lines.map(line => {
        const item = document.createElement('li');
        item.textContent = line;
        return item;
    }));
    show('said', lines.length > 0);
}

function reset() {
    end();
    result = null;
    list([]);
    show('save', false);
    $('result').replaceChildren();
}

// Each file has a path of its own, whatever folders they come from, and the order of their names with digits by value.
function inputs(files) {
    const seen = new Map();
    return [...files].sort((a, b) => a.name.localeCompare(b.name, 'en', {numeric: true})).map(blob => {
        const times = (seen.get(blob.name) || 0) + 1;
        seen.set(blob.name, times);
        return {path: times > 1 ? `${times}/${blob.name}` : blob.name, blob};
    });
}

async function diagnose(files) {
    if (!files.length) {
        return;
    }
    reset();
    show('work', true);
    $('progress').removeAttribute('value');
    say(files.length > 1 ? `Reading ${files.length} files` : `Reading ${files[0].name}`);
    try {
        code = code || await unpackModule();
    } catch (error) {
        end();
        say(`This browser cannot run the page: ${error.message}. Firefox 113, Chromium 97 and newer can.`, true);
        return;
    }
    url = URL.createObjectURL(new Blob([$('worker').textContent], {type: 'text/javascript'}));
    worker = new Worker(url);
    worker.onmessage = ({data}) => take(data);
    worker.onerror = event => fail(event.message || 'the worker could not be started');
    worker.postMessage({code, inputs: inputs(files), options: {notes: $('notes').checked, max: 0}});
}

function fail(why) {
    end();
    say(`It did not work: ${why}`, true);
}

function take(data) {
    if (data.error) {
        fail(data.error);
    } else if (data.result) {
        end();
        result = data.result;
        tell();
    } else if (data.done < data.total) {
        $('progress').value = data.done / data.total;
    } else {
        $('progress').removeAttribute('value');
        say('Joining what was read');
    }
}

// Words for the files that are none of what is read here.
function help(line) {
    return /is no pcap or pcapng file|not read here|pcap version|modified/.test(line)
        ? `${line}. Open it in Wireshark, save it as pcapng (File, Save As), and take that.` : line;
}

function copyButton(text) {
    const place = document.createElement('p'), button = document.createElement('button');
    place.className = 'copied';
    button.type = 'button';
    button.textContent = 'Copy display filter';
    button.onclick = () => copy(text(), button);
    place.append(button);
    return place;
}

function tell() {
    const report = new DOMParser().parseFromString(result.html, 'text/html'), object = JSON.parse(result.json);
    style.replaceSync(report.querySelector('style').textContent);
    report.querySelectorAll('h1').forEach(heading => {
        const smaller = report.createElement('h2');
        smaller.textContent = 'Result';
        heading.replaceWith(smaller);
    });
    for (const wide of report.querySelectorAll('.wide')) { // scrolled with the keyboard, too
        wide.tabIndex = 0;
        wide.setAttribute('role', 'region');
        wide.setAttribute('aria-label', wide.querySelector('svg') ? 'Picture of the segments' : 'Table');
    }
    for (const filter of report.querySelectorAll('code.copy')) {
        filter.after(copyButton(() => filter.textContent));
    }
    $('result').replaceChildren(...document.adoptNode(report.body).childNodes);
    list(result.said.map(help));
    const read = object.run.read;
    show('save', read > 0);
    if (!read) {
        $('result').replaceChildren();
        say('Nothing could be read.', true);
        return;
    }
    const count = object.warnings;
    say(count ? `${count} ${count === 1 ? 'incident' : 'incidents'} found.` : 'No incident found.');
    $('result').focus({preventScroll: true});
}

async function copy(text, button) {
    const before = button.textContent;
    try {
        await navigator.clipboard.writeText(text);
    } catch (error) { // not allowed: the old way
        const area = document.createElement('textarea');
        area.value = text;
        document.body.append(area);
        area.select();
        document.execCommand('copy');
        area.remove();
        button.focus();
    }
    button.textContent = 'Copied';
    setTimeout(() => { button.textContent = before; }, 2000);
}

function save(what) {
    const [name, type] = {html: ['toa-report.html', 'text/html'], text: ['toa-report.txt', 'text/plain'],
                          json: ['toa-report.json', 'application/json']}[what];
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([result[what]], {type}));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

$('files').onchange = () => diagnose($('files').files);
$('form').onsubmit = event => event.preventDefault();
$('notes').onchange = () => diagnose($('files').files);
$('stop').onclick = () => {
    reset();
    say('Stopped.');
};
$('copy').onclick = event => copy(result.text, event.currentTarget);
for (const button of document.querySelectorAll('[data-save]')) {
    button.onclick = () => save(button.dataset.save);
}
document.ondragover = event => {
    event.preventDefault();
    document.body.classList.add('over');
};
document.ondragleave = event => event.relatedTarget || document.body.classList.remove('over');
document.ondrop = event => {
    event.preventDefault();
    document.body.classList.remove('over');
    $('files').files = event.dataTransfer.files;
    diagnose(event.dataTransfer.files);
};
