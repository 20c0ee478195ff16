# SPDX-License-Identifier: GPL-2.0-or-later
"""Records from elsewhere are hostile, files of others are not ours to overwrite, and nobody else's tshark is run."""

import json
import os
import re
import shutil
import sqlite3
import stat
import subprocess

from support import check, need_program

FILE = {'record': 'file', 'schema': 2, 'host': 'far', 'path': '/far/a.pcap', 'point': 'far:a', 'signature': 'x',
        'state': 'done', 'size': 1, 'mtime': 1, 'content': 'c' * 32, 'head': ''}
END = {'record': 'end'}


def conversation(**more):
    record = {'record': 'conversation', 'stream': 0, 'key_stream': 0, 'client_ip': '10.0.0.1', 'client_port': 1,
              'server_ip': '10.0.0.2', 'server_port': 2, 'key_client_ip': '10.0.0.1', 'key_client_port': 1,
              'key_server_ip': '10.0.0.2', 'key_server_port': 2, 'key_source': 'wire', 'roles': 'syn', 'first_frame': 1,
              'last_frame': 2, 'first_time': 10**18, 'last_time': 10**18 + 5, 'frames': 2}
    return {**record, **more}


def finding(**more):
    record = {'record': 'finding', 'finding': 'foreign.rst', 'severity': 'warn', 'frame': 2, 'time': 10**18, 'stream': 0,
              'from': 'server', 'flags': 4, 'seq': 1, 'ack': None, 'length': 0, 'ip_id': 0, 'other_stream': 1,
              'other_frame': 1, 'evidence': ['seq']}
    return {**record, **more}


def without(record, name):
    return {key: value for key, value in record.items() if key != name}


# What is wrong, the line.
WRONG = {
    'a finding without a name': without(finding(), 'finding'),
    'an address that is a bracket': conversation(client_ip='['),
    'an address with a port in it': conversation(server_ip='10.0.0.2:80'),
    'a port beyond 65535': conversation(client_port=65536),
    'a time after 2106': conversation(first_time=5 * 10**18),
    'a time before 1970': conversation(last_time=-1),
    'a number beyond 64 bits': conversation(frames=10**30),
    'a fraction': conversation(frames=1.5),
    'a text for a number': conversation(frames='2'),
    'no frames': without(conversation(), 'frames'),
    'an unknown severity': finding(severity='fatal'),
    'an unknown sender': finding(**{'from': 'nobody'}),
    'evidence that is no list': finding(evidence='seq'),
    'evidence with markup': finding(evidence=['<b>']),
    'a name with markup': finding(finding='<script>'),
    'a sequence number beyond 32 bits': finding(seq=2**32),
    'no JSON': 'hello',
    'a list': [1, 2],
    'too long': conversation(note='x' * 70000),
    'nested too deep': '{"record":"conversation","x":' + '[' * 100 + ']' * 100 + '}',
    'nested without end': '[' * 2_000_000,
    'nested in an object': '{"x":' * 100_000,
    'a member twice': json.dumps(conversation())[:-1] + ',"frames":3}',
    'a zero byte': '{"record":"conversation\\u0000"}',
    'half a surrogate pair': '{"record":"x","y":"\\ud800"}',
    'bytes that are no UTF-8': b'{"record":"x","y":"\xff"}',
}


def write(test, name, *lines):
    path = test.path(name)
    with open(path, 'wb') as file:
        for line in lines:
            if not isinstance(line, bytes):
                line = (line if isinstance(line, str) else json.dumps(line)).encode('utf8')
            file.write(line + b'\n')
    return path


def hostile(test):
    """Each wrong record is refused, told, counted; what is right before and behind it is taken."""
    for what, line in WRONG.items():
        path = write(test, 'one.records', FILE, conversation(), line, conversation(stream=1), END)
        done = test.scan('--json', path, code=2)
        report = json.loads(done.stdout)
        check(report['conversations'] == 2 and report['run']['refused_records'] == 1, what, report['run'])
        check('one.records: record 3: ' in done.stderr and 'refused' in done.stderr, what, done.stderr)
    path = write(test, 'fine.records', FILE, conversation(new={'a': [1, {'b': '}'}]}, other=1.5e3, more=[1, 'x']), END)
    check(test.json(path, code=0)['conversations'] == 1, 'members that the schema does not know')
    path = write(test, 'many.records', FILE, *['x'] * 1000, conversation(), END)
    done = test.scan(path, code=2)
    check(done.stderr.count('\n') < 10 and '1000 records refused' in done.stderr, done.stderr[-300:])
    path = write(test, 'later.records', {**FILE, 'schema': 3}, conversation(), END,
                 {**FILE, 'content': 'd' * 32, 'path': '/far/b.pcap'}, conversation(), END)
    done = test.scan('--json', path, code=2)
    check(json.loads(done.stdout)['files'] == 1 and 'schema 3' in done.stderr, done.stderr)
    path = write(test, 'cut.records', FILE, conversation(), {**FILE, 'content': 'd' * 32}, conversation(), END)
    check(test.json(path, code=2)['files'] == 1, 'records without an end')
    terminal(test)
    names(test)
    stand_in(test)


def terminal(test):
    """Nothing of a record controls the terminal, and what is printed as JSON is JSON."""
    evil = '\x1b]0;owned\x07\x9b31m\u202e'
    path = write(test, 'evil.records', {**FILE, 'path': evil, 'point': evil, 'host': evil, 'signature': evil},
                 conversation(), conversation(stream=1, server_ip='10.0.0.3'), finding(), finding(frame=3), END)
    for options in ([], ['--json'], ['--html', test.path('evil.html')]):
        done = test.scan(*options, path, code=1)
        printed = done.stdout + done.stderr
        check(not re.search('[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]', printed), options, repr(printed[:300]))
    check('owned' in test.scan(path, code=1).stdout, 'nothing of it is shown at all')
    with open(test.path('evil.html'), encoding='utf8') as file:
        check(not re.search('[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]', file.read()), 'the page')


def names(test):
    """A file name that is no UTF-8: the JSON is JSON, and its records are taken, with all that is behind them."""
    folder = os.path.join(os.fsencode(test.folder), b'names\xff')
    os.makedirs(folder)
    shutil.copy(test.sample('incident-client'), os.path.join(folder, b'a\x1b[31m\xfe.pcap'))
    shutil.copy(test.sample('control-client'), os.path.join(folder, b'z.pcap'))
    done = subprocess.run([test.scan_path, '--tshark', test.tshark, '--json', folder], capture_output=True, check=False)
    report = json.loads(done.stdout.decode('utf8'))
    check(done.returncode == 1 and report['files'] == 2, done.stderr)
    records = test.path('names.records')
    subprocess.run([test.scan_path, '--tshark', test.tshark, '--records', records, folder], check=True)
    again = test.json(records, code=1)
    check((again['files'], again['packets']) == (2, report['packets']), 'lost on the way', again['run'])


def stand_in(test):
    """Records do not stand for a local file, are not taken from folders unasked, and their paths are not opened."""
    target = os.path.join(test.path('target'), 'incident.pcap')
    os.makedirs(os.path.dirname(target))
    shutil.copy(test.sample('incident-client'), target)
    status = os.stat(target)
    real = test.path('real.records')
    test.scan('--records', real, target, code=0)
    with open(real, encoding='utf8') as file:
        told = json.loads(file.readline())
    lie = {**told, 'mtime': status.st_mtime_ns // 1000, 'size': status.st_size}
    planted = os.path.join(os.path.dirname(target), 'lie.records')
    shutil.move(write(test, 'lie.records', lie, END), planted)
    db = ('--db', test.path('lie.db'))
    done = test.scan('--json', *db, os.path.dirname(target), code=1)
    check(json.loads(done.stdout)['files'] == 1 and 'not taken' in done.stderr, done.stderr)
    check(test.json('--db', test.path('lie2.db'), '--records-from', os.path.dirname(target), code=0)['files'] == 1, 'from')
    check(test.json('--db', test.path('lie2.db'), target, code=1)['run']['read'] == 1, 'a record stood for the file')
    fake, environment = test.fake()
    path = write(test, 'page.records', {**FILE, 'path': target}, conversation(),
                 conversation(stream=1, server_ip='10.0.0.3'), finding(), END)
    test.scan('--tshark', fake, '--html', test.path('page.html'), path, code=1, environment=environment, tshark=False)
    check(test.log() == [], 'tshark was run on a path that records name:', test.log())


def outputs(test):
    """Nothing of anybody's is overwritten before it is known that it may be; nothing is lost at the end."""
    alien = test.path('alien.db')
    db = sqlite3.connect(alien)
    db.execute('CREATE TABLE incident (mine TEXT)')
    db.execute("INSERT INTO incident VALUES ('precious')")
    db.commit()
    db.close()
    with open(alien, 'rb') as file:
        before = file.read()
    check('not' in test.scan('--db', alien, test.sample('options'), code=2).stderr, 'no word')
    with open(alien, 'rb') as file:
        check(file.read() == before, 'the database of somebody else was changed')
    text = write(test, 'text.db', 'a letter')
    test.scan('--db', text, test.sample('options'), code=2)
    check(os.path.getsize(text) == 9, 'a text was changed')
    old = write(test, 'old.records', 'precious')
    test.scan('--records', old, '--reader', 'tshark', '--tshark', 'absent-tshark', test.sample('options'), code=2, tshark=False)
    with open(old, encoding='ascii') as file:
        check(file.read() == 'precious\n', '--records OLD was truncated')
    check([name for name in os.listdir(test.folder) if name.startswith('old.records')] == ['old.records'], 'left behind')
    fake, environment = test.fake()
    fine, = test.touch('fine.pcap')
    for option in ('--html', '--metrics'):
        test.scan('--tshark', fake, option, test.path('absent', 'x'), fine, code=2, environment=environment, tshark=False)
    check(test.log() == [], 'the work was done before the folder was looked at')
    test.scan('--db', test.path('private.db'), '--records-from', test.folder)
    check(stat.S_IMODE(os.stat(test.path('private.db')).st_mode) == 0o600, 'others may read the database')
    test.scan('--records', test.path('private.records'), test.sample('options'), code=0)
    check(stat.S_IMODE(os.stat(test.path('private.records')).st_mode) == 0o600, 'others may read the records')
    copied(test)
    metrics(test)


def copied(test):
    """A toa-scan that was copied into somebody's folder does not run a program that lies beside that."""
    os.makedirs(test.path('trap', 'batch'))
    shutil.copy(test.scan_path, test.path('trap', 'batch', 'toa-scan'))
    with open(test.path('trap', 'tshark'), 'w', encoding='ascii') as file:
        file.write(f'#!/bin/sh\ntouch {test.path("sprung")}\n')
    os.chmod(test.path('trap', 'tshark'), 0o755)
    environment = {key: value for key, value in os.environ.items() if key != 'TSHARK'}
    subprocess.run([test.path('trap', 'batch', 'toa-scan'), test.sample('options')], env=environment, check=False,
                   capture_output=True)
    check(not os.path.exists(test.path('sprung')), 'it ran its neighbour')


def metrics(test):
    path = test.path('toa.prom')
    test.scan('-q', '--metrics', path, test.sample('incident-client'), code=1)
    with open(path, encoding='ascii') as file:
        text = file.read()
    check('toa_scan_incidents{kind="confirmed"} 1\n' in text and text.endswith('# EOF\n'), text)
    check('toa_scan_files{state="read"} 1\n' in text, text)


def hardened(test):
    """The program and the plugin are built as things that read hostile files are."""
    need_program('readelf')
    plugin = next(os.path.join(folder, name) for folder, _, names in
                  os.walk(os.path.join(os.path.dirname(test.tshark), 'plugins')) for name in names if name == 'toa.so')
    for path in (test.scan_path, plugin):
        text = subprocess.run(['readelf', '-W', '-h', '-l', '-d', '--dyn-syms', path], check=True, capture_output=True,
                              text=True).stdout
        for word in ('GNU_RELRO', 'BIND_NOW', 'DYN (', '__stack_chk_fail'):
            check(word in text, path, 'has no', word)
        check(not re.search(r'GNU_STACK .* RWE', text), path, 'has an executable stack')
        # checked functions where there are any to check and the compiler optimises
        check(test.is_debug() or re.search(r'__\w+_chk@', text), path, 'has no checked functions')
