# SPDX-License-Identifier: GPL-2.0-or-later
"""A capture is its content, not its name; settings and exit codes that scripts can rely on."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import time

import trust
from support import PROJECT, check


def settings(test):
    """The user's profile changes nothing; -o does, and a database knows the difference."""
    home = test.path('home')
    os.makedirs(os.path.join(home, '.config', 'wireshark'))
    with open(os.path.join(home, '.config', 'wireshark', 'preferences'), 'w', encoding='ascii') as file:
        file.write('toa.analysis: FALSE\n')
    wrapper = test.path('tshark')
    with open(wrapper, 'w', encoding='ascii') as file:
        file.write(f'#!/bin/sh\nTOA_HOME={home} exec {test.tshark} "$@"\n')
    os.chmod(wrapper, 0o755)
    os.chmod(test.folder, 0o755)
    plain = subprocess.run([wrapper, '-n', '-q', '-z', 'toa,records', '-r', test.sample('incident-client')], check=True,
                           capture_output=True, text=True).stdout
    check('"conversation"' not in plain, 'the profile of this test has no effect, so it shows nothing')
    test.scan('--tshark', wrapper, test.sample('incident-client'), code=1, tshark=False)
    off = ('-o', 'toa.analysis:FALSE')
    check(test.json(*off, '--db', test.path('db'), test.sample('incident-client'), code=0)['conversations'] == 0, '-o')
    test.scan('--db', test.path('db'), test.sample('incident-client'), code=1)
    check('nonsense' in test.scan('-o', 'toa.nonsense:1', test.sample('options'), code=2).stderr, 'unknown preference')
    check('NAME:VALUE' in test.scan('-o', 'toa.analysis', test.sample('options'), code=2).stderr, '-o without a value')
    pinned(test)


def pinned(test):
    """Every preference of the plugin that is no table is on tshark's command line."""
    listed = subprocess.run([test.tshark, '-G', 'currentprefs'], check=True, capture_output=True, text=True).stdout
    names = {line.split(':')[0].lstrip('#') for line in listed.splitlines() if line.lstrip('#').startswith('toa.')}
    fake, environment = test.fake()
    fine, = test.touch('fine.pcap')
    test.scan('--tshark', fake, fine, environment=environment, tshark=False)
    given = {word.split(':')[0] for word in test.arguments() if word.startswith('toa.')}
    check(len(names) >= 6 and names <= given, 'not pinned:', names - given)


def exits(test):
    """0 clean, 1 incidents, 2 error, 3 both; --fail-on; what became of each file."""
    incident, control = test.sample('incident-client'), test.sample('control-client')
    noise = test.path('noise.pcap')
    with open(noise, 'wb') as file:
        file.write(b'not a capture at all' * 20)
    for files, code in (([control], 0), ([incident], 1), ([control, noise], 2), ([incident, noise], 3)):
        test.scan(*files, code=code)
    test.scan('--fail-on', 'confirmed', incident, code=1)
    test.scan('--fail-on', 'none', incident, code=2)
    note = trust.write(test, 'note.records', trust.FILE, trust.conversation(),
                       trust.conversation(stream=1, server_ip='10.0.0.3'), trust.finding(finding='reuse', severity='note'),
                       trust.END)
    for kind, code in (('confirmed', 0), ('foreign', 0), ('collision', 0), ('note', 1)):
        test.scan('--fail-on', kind, note, code=code)
    foreign = trust.write(test, 'foreign.records', trust.FILE, trust.conversation(),
                          trust.conversation(stream=1, server_ip='10.0.0.3'), trust.finding(), trust.END)
    for kind, code in (('confirmed', 0), ('foreign', 1), ('collision', 1), ('note', 1)):
        test.scan('--fail-on', kind, foreign, code=code)
    answer = trust.write(test, 'answer.records', trust.FILE, trust.conversation(),
                         trust.conversation(stream=1, server_ip='10.0.0.3'), trust.finding(cause='untranslated'), trust.END)
    for kind, code in (('confirmed', 0), ('foreign', 0), ('untranslated', 1), ('stale', 1), ('collision', 1), ('note', 1)):
        test.scan('--fail-on', kind, answer, code=code)
    old, stale = (trust.conversation(first_time=10**18 - 10, last_time=10**18 - 5), trust.conversation(stream=1)), \
        trust.finding(finding='stale_session', severity='note', stream=1, other_stream=0)
    waits = {'record': 'incident', 'verdict': 'stale session', 'early_stream': 0, 'late_stream': 1, 'last_time': 10**18,
             'victim_stream': 1, 'victim_since_frame': 2, 'victim_segments': 2}
    for more, codes in (([], (0, 0, 0, 1)), ([waits], (0, 1, 1, 1)), ([dict(waits, victim_stream=None)], (0, 0, 0, 1))):
        name = trust.write(test, 'stale%d.records' % len(codes), trust.FILE, *old, stale, *more, trust.END)
        for kind, code in zip(('untranslated', 'stale', 'collision', 'note'), codes):
            test.scan('--fail-on', kind, name, code=code)
    files_that_are_none(test)
    growing(test)


def causes(test):
    """Answers that nobody translated back have a kind of their own, in words, JSON, page and metrics; and one segment that the
    plugin has no cause for makes a crossing of it. A map that names the server changes nothing."""
    capture = os.path.join(PROJECT, 'tests', 'score', 'faults', 'c11810b.pcap')
    page, metrics = test.path('page.html'), test.path('metrics')
    text = test.scan('--html', page, '--metrics', metrics, '--reader', 'native', capture, code=1).stdout
    check('1. WARNING toa.untranslated: Answers from another address than the one that was asked' in text, text)
    check('not two that collide' in text and 'Victim: connection' in text, text)
    with open(page, encoding='utf-8') as file:
        check('<code>toa.untranslated</code>' in file.read(), 'the page')
    with open(metrics, encoding='utf-8') as file:
        numbers = file.read()
    check('toa_scan_incidents{kind="untranslated"} 1' in numbers and 'toa_scan_incidents{kind="foreign"} 0' in numbers, numbers)
    for reader in ('native', 'tshark'):
        incident, = json.loads(test.scan('--json', '--reader', reader, capture, code=1).stdout)['incidents']
        check(incident['kind'] == 'untranslated' and {fact['cause'] for fact in incident['facts']} == {'untranslated'}, incident)
    two = [trust.finding(cause='untranslated'), trust.finding(frame=3)]
    both = trust.write(test, 'both.records', trust.FILE, trust.conversation(), trust.conversation(stream=1, server_ip='10.0.0.3'), *two,
                       trust.END)
    incident, = json.loads(test.scan('--json', both, code=1).stdout)['incidents']
    check(incident['kind'] == 'foreign' and [fact['cause'] for fact in incident['facts']] == ['untranslated', None], incident)


def files_that_are_none(test):
    folder = test.path('folder')
    os.makedirs(folder)
    shutil.copy(test.sample('incident-client'), folder)
    os.mkfifo(os.path.join(folder, 'pipe.pcap'))
    done = test.scan('--json', folder, code=1)
    check('pipe.pcap: a pipe' in done.stderr and '"skipped" : 1' in done.stdout, done.stderr, done.stdout[-400:])
    check('1 skipped' in test.scan(folder, code=1).stdout, 'the text does not say it')
    film = os.path.join(folder, 'film.pcap')
    with open(film, 'wb') as file:
        file.write(b'\0\0\0\x14ftypmp42\0\0\0\0mp42' + b'\0\0\0\x08free')
    report = test.json(folder, code=3)
    check(report['run']['not_captures'] == 1 and report['warnings'] == 1, report['run'])
    os.remove(film)
    with open(test.sample('options'), 'rb') as file:
        empty = file.read(24)
    with open(os.path.join(folder, 'empty.pcap'), 'wb') as file:
        file.write(empty)
    check(test.json(folder, code=1)['run']['empty'] == 1, 'an empty capture is not counted')


def growing(test):
    """Read as far as it goes, continued by the next run; the incident of another file is told, and this is no error."""
    with open(test.sample('incident-rs'), 'rb') as file:
        data = file.read()
    path = test.path('grows.pcap')
    options = ('--db', test.path('grows.db'), path)
    with open(path, 'wb') as file:
        file.write(data[:2000])
        file.flush()
        report = test.json(*options)
        check(report['run']['growing'] == 1 and report['run']['cut_short'] == 0, report['run'])
        some = report['packets']
        test.scan(*options, test.sample('incident-client'), code=1)
        file.write(data[2000:])
    whole = test.json(test.sample('incident-rs'), code=1)
    report = test.json('--db', test.path('grows.db'), path, code=1)
    check(some < whole['packets'] and report['files'] == 2, 'the part was kept beside the whole', report['files'])
    packets = sqlite3.connect(test.path('grows.db')).execute(
        "SELECT packets FROM capture_file WHERE path LIKE '%grows%'").fetchall()
    check(packets == [(whole['packets'],)], packets)


def content(test):
    """Copies, links, renamed files, a ring that overwrites a name; --prune and --retain."""
    folder, db = test.path('ring'), ('--db', test.path('ring.db'))
    os.makedirs(folder)
    first = os.path.join(folder, 'trace.pcap1')
    shutil.copy(test.sample('incident-client'), first)
    shutil.copy(first, os.path.join(folder, 'copy.pcap'))
    os.symlink(first, os.path.join(folder, 'link.pcap'))
    report = test.json(*db, folder, code=1)
    check(report['files'] == 1 and report['run']['copies'] == 2, report['files'], report['run'])
    packets = report['packets']
    for name in ('copy.pcap', 'link.pcap'):
        os.remove(os.path.join(folder, name))
    os.rename(first, os.path.join(folder, 'trace.pcap2'))
    report = test.json(*db, folder, code=1)
    check((report['files'], report['packets'], report['run']['known']) == (1, packets, 1), 'renamed:', report['run'])
    names = [path for path, in sqlite3.connect(test.path('ring.db')).execute('SELECT path FROM capture_file')]
    check([os.path.basename(name) for name in names] == ['trace.pcap2'], 'the new name is not known:', names)
    shutil.copy(test.sample('control-client'), os.path.join(folder, 'trace.pcap2'))  # the ring comes round
    report = test.json(*db, folder, code=1)
    check(report['files'] == 2 and report['warnings'] == 1, 'the incident went with its file')
    check(test.json(*db, '--retain', '100000', code=1)['files'] == 2, '--retain dropped too much')
    check(test.json(*db, '--prune', code=0)['files'] == 1, '--prune')
    check(test.json(*db, '--retain', '1', code=0)['files'] in (0, 1), '--retain')
    old = test.path('old.pcap')
    with open(test.sample('incident-client'), 'rb') as file:
        data = bytearray(file.read())
    shift_seconds(data, -400 * 86400)
    with open(old, 'wb') as file:
        file.write(data)
    test.scan(*db, old, code=1)
    test.scan(*db, '--retain', '30', code=0)


def shift_seconds(data, seconds):
    """Moves all packets of a little-endian pcap file."""
    at = 24
    while at < len(data):
        data[at:at + 4] = (int.from_bytes(data[at:at + 4], 'little') + seconds).to_bytes(4, 'little')
        at += 16 + int.from_bytes(data[at + 8:at + 12], 'little')


def children(test):
    """A tshark that hangs, one that is noisy, SIGTERM during the first check: nothing is left running."""
    fake, environment = test.fake()
    hang, fine, noisy = test.touch('hang.pcap', 'fine.pcap', 'noisy.pcap')
    start = time.time()
    done = test.scan('--tshark', fake, '--timeout', '1', hang, fine, code=2, environment=environment, tshark=False)
    check('hang.pcap: tshark did not end within 1 s' in done.stderr and time.time() - start < 60, done.stderr)
    check(sorted(test.log()) == ['fine.pcap', 'hang.pcap'], 'the other file was not done', test.log())
    gone(test)
    report = test.scan('--tshark', fake, '--json', '--db', test.path('db'), noisy, code=2, environment=environment,
                       tshark=False)
    check('noisy.pcap: cut short' in report.stderr and '"conversations" : 1' in report.stdout, report.stderr[-300:])
    process = subprocess.Popen([test.scan_path, '--tshark', fake, fine], stderr=subprocess.PIPE, text=True,
                               env={**os.environ, **environment, 'FAKE_CHECK': 'hang'})
    wait_for(lambda: os.path.exists(test.path('pids')))
    start = time.time()
    process.send_signal(signal.SIGTERM)
    text = process.communicate(timeout=60)[1]
    check(process.returncode == 2 and 'interrupted' in text and time.time() - start < 30, process.returncode, text)
    gone(test)


def memory(test):
    """As many tsharks as there is room for: by the size of the files, and by what they take when that was too little."""
    fake, environment = test.fake()
    files = test.touch('hungry1.pcap', 'hungry2.pcap', 'hungry3.pcap')
    options = ('--tshark', fake, '--reader', 'tshark', '-j', '3')

    def marks():
        with open(test.path('log.memory'), encoding='ascii') as file:
            text = file.read().replace('\n', '')
        os.remove(test.path('log.memory'))
        return text
    test.scan(*options, *files, '--memory', '8G', code=0, environment=environment, tshark=False)
    check(marks().startswith('+++'), 'not three at a time, though there is room')
    for path in files:
        os.truncate(path, 100 << 20)  # without blocks
    test.scan(*options, *files, '--memory', '600M', code=0, environment=environment, tshark=False)
    check(marks() == '+-+-+-', 'not one after the other')
    for path in files:
        os.truncate(path, 1000)
    os.remove(test.path('log'))
    report = test.scan(*options, '--json', *files, '--memory', '400M', code=0, environment=environment, tshark=False)
    shown = marks()
    check(len(test.log()) > 3 and shown.count('-') == 3, 'none was put off', test.log(), shown)
    check('"failed" : 0' in report.stdout and not report.stderr, report.stdout, report.stderr)
    for wrong in ('0', 'x', '3X', '-1', '99999999999G', '1GB'):
        check('--memory' in test.scan('--memory', wrong, files[0], code=2).stderr, wrong)


def wait_for(condition):
    limit = time.time() + 60
    while not condition() and time.time() < limit:
        time.sleep(0.05)
    check(condition(), 'waited in vain')


def gone(test):
    """What the fake tshark started and wrote down is not running any more."""
    with open(test.path('pids'), encoding='ascii') as file:
        pids = [int(line) for line in file]
    check(len(pids) >= 2, 'no processes to look for', pids)
    for pid in pids:
        wait_for(lambda pid=pid: not is_running(pid))
    os.remove(test.path('pids'))


def is_running(pid):
    try:
        with open(f'/proc/{pid}/stat', encoding='ascii') as file:
            return file.read().rsplit(')', 1)[1].split()[0] != 'Z'
    except FileNotFoundError:
        return False
