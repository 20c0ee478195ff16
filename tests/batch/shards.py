# SPDX-License-Identifier: GPL-2.0-or-later
"""Shards: cut, reduced alone, and put together again they say what the whole says."""

import glob
import json
import os
import re
import shutil
import sqlite3
import subprocess
import zlib

import hosts
from support import BATCH, check, need_lab, need_program


def split(test, shards, name=None):
    """The corpus, in shards in a folder."""
    folder = test.path(name or f'of{shards}')
    whole = os.path.join(test.keep, 'scan.sqlite')
    test.scan('--db', whole, '--split', folder, '--shards', str(shards), code=0)
    check(sorted(os.listdir(folder)) == sorted(f'{k}-of-{shards}.shard' for k in range(1, shards + 1)), os.listdir(folder))
    return folder


def reduce(test, folder):
    for shard in sorted(glob.glob(os.path.join(folder, '*.shard'))):
        test.scan('--shard', shard, '--results', shard[:-len('shard')] + 'results', code=0)


def untouched(test):
    """--split changes nothing in the database."""
    db = sqlite3.connect(os.path.join(test.keep, 'scan.sqlite'))
    tables = {name for name, in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    db.close()
    check({'incident', 'incident_fact', 'incident_flow', 'incident_place', 'clock_skew'} <= tables, tables)


def of_whole(test):
    return told(test.json('--notes', '--db', os.path.join(test.keep, 'scan.sqlite'), code=1))


def told(report):
    """All but what became of the files of this run."""
    return {name: value for name, value in report.items() if name != 'run'}


def shards(test):
    need_lab()
    whole = of_whole(test)
    for count in (1, 2, 4):
        folder = split(test, count)
        reduce(test, folder)
        report = test.json('--notes', '--results-from', folder, code=1)
        check(told(report) == whole, count, 'shards differ from the whole')
        check(report['run']['read'] == count, report['run'])
        own = [told_alone(test, shard) for shard in glob.glob(os.path.join(folder, '*.shard'))]
        check(all(own) and sum(own) == whole['warnings'], 'a shard without incidents', own)
        print(f'{count} shards: {own} of {whole["warnings"]} incidents')
    homes(test)
    untouched(test)
    page = test.path('page.html')
    test.scan('-q', '--html', page, '--results-from', folder, code=1)
    check(os.path.getsize(page) > 100_000, 'the page of results')
    partly(test, folder)
    refused(test, folder)


def told_alone(test, shard):
    return test.json('--shard', shard)['warnings']


def homes(test):
    """A home is on one shard, and on that which its CRC-32 says."""
    for shard in range(4):
        with open(test.path('of4', f'{shard + 1}-of-4.shard'), encoding='utf8') as file:
            rows = [json.loads(line) for line in file]
        check({zlib.crc32(row['home'].encode()) % 4 for row in rows if 'home' in row} == {shard}, 'not the shard of its home')


def partly(test, folder):
    """A result that is missing is told, one that is there twice counts once, one of another split is not taken."""
    whole = of_whole(test)
    result = test.path('of4', '2-of-4.results')
    shutil.copy(result, test.path('again.results'))
    report = test.json('--notes', '--results-from', folder, '--results-from', test.path('again.results'), code=1)
    check(told(report) == whole and report['run']['copies'] == 1, 'twice', report['run'])
    os.remove(result)
    done = test.scan('--json', '--notes', '--results-from', folder, code=3)
    check('shard 2 of 4 is missing' in done.stderr and json.loads(done.stdout)['warnings'] < whole['warnings'], done.stderr)
    done = test.scan('--results-from', folder, '--results-from', test.path('of2'), code=3)
    check('of another split' in done.stderr, done.stderr)
    test.scan('--shard', test.path('of4', '2-of-4.shard'), '--results', result, code=0)
    check('no empty folder' in test.scan('--db', os.path.join(test.keep, 'scan.sqlite'), '--split', folder, code=2).stderr,
          'a folder that is not empty')
    os.makedirs(test.path('none'))
    check('no results' in test.scan('--results-from', test.path('none'), code=2).stderr, 'an empty folder')


LIES = (
    ('cut short', lambda lines: lines[:-1]),
    ('cut short', lambda lines: lines[:1]),
    ('does not begin', lambda lines: lines[1:]),
    ('begins again', lambda lines: lines[:1] + lines),
    ('not a text that it may be', lambda lines: [line.replace('"client":"', '"client":"[') for line in lines]),
    ('not a text that it may be', lambda lines: [line.replace('"client":"10.', '"client":"010.') for line in lines]),
    ('another version', lambda lines: [re.sub(r'"schema":\d+', '"schema":99', lines[0])] + lines[1:]),
    ('another version', lambda lines: [re.sub(r'"schema":\d+', '"schema":1', lines[0])] + lines[1:]),
    ('not a number that it may be', lambda lines: [lines[0].replace('"shard":1', '"shard":0')] + lines[1:]),
    ('no shard of anything', lambda lines: [lines[0].replace('"shard":1', '"shard":3')] + lines[1:]),
    ('no shard of anything', lambda lines: [lines[0].replace('"split":"', '"split":"\\u001b')] + lines[1:]),
    ('not a number that it may be', lambda lines: [line.replace('"local":0', '"local":1') for line in lines]),
)


def refused(test, folder):
    """Parts that lie are refused as a whole: the rest of one would be another answer."""
    for kind, options in (('shard', ('--shard',)), ('results', ('--results-from',))):
        with open(os.path.join(test.path('of2'), f'1-of-2.{kind}'), encoding='utf8') as file:
            lines = file.readlines()
        for word, lie in LIES:
            path = test.path(f'lie.{kind}')
            with open(path, 'w', encoding='utf8') as file:
                file.writelines(lie(lines))
            done = test.scan(*options, path, code=2)
            check(word in done.stderr and '\x1b' not in done.stderr, kind, word, done.stderr)
    for wrong in (['--shard', 'x', '--db', 'y'], ['--shards', '0'], ['--results-from', 'x', test.sample('options')],
                  ['--split', 'x', '--results', 'y', test.sample('options')]):
        test.scan(*wrong, code=2)


# ---- other hosts ----

def reduce_hosts(test, folder, names, **environment):
    environment = {**os.environ, 'SSH': f'ssh -F {test.path("ssh_config")}', 'TOA_SCAN': test.scan_path, **environment}
    return subprocess.run([os.path.join(BATCH, 'reduce-hosts'), folder, *names], env=environment, check=False,
                          capture_output=True, text=True)


# Does its work on the first host only, and on the second is killed in the middle of what it writes.
DYING = '''#!/bin/sh
echo "$TOA_HOST" >> {log}
[ -e {heal} ] && exec {scan} "$@"
{scan} "$@" | head -c 20000
kill -KILL $$
'''


def shard_hosts(test):
    """GNU parallel over ssh to this machine; two hosts and four; a toa-scan that is killed in the middle."""
    need_lab()
    need_program('parallel')
    need_program('ssh')
    port = hosts.free_port()
    sshd = hosts.start_sshd(test, port)
    try:
        hosts.write_client(test, ['w1', 'w2', 'w3', 'w4'], port)
        whole = of_whole(test)
        for count in (2, 4):
            folder = split(test, count)
            done = reduce_hosts(test, folder, [f'w{k}' for k in range(1, count + 1)])
            check(done.returncode == 0 and not done.stderr, done.returncode, done.stderr)
            check(told(test.json('--notes', '--results-from', folder, code=1)) == whole, count, 'hosts differ from one')
        killed(test, whole)
    finally:
        sshd.terminate()
        sshd.wait()
    print(f"{len(whole['incidents'])} incidents and notes from one host, from two and from four over ssh")


def killed(test, whole):
    folder, heal = split(test, 4, 'killed'), test.path('heal')
    script = test.path('dying')
    with open(script, 'w', encoding='ascii') as file:
        file.write(DYING.format(log=test.path('dying.log'), heal=heal, scan=test.scan_path))
    os.chmod(script, 0o755)
    done = reduce_hosts(test, folder, ['w1', 'w2'], TOA_SCAN=script)
    check(done.returncode == 2 and 'w1: failed with 1-of-4' in done.stderr, done.returncode, done.stderr)
    check(not glob.glob(os.path.join(folder, '*.results')) and not glob.glob(os.path.join(folder, '*.part*')),
          'half a result', os.listdir(folder))
    # w9 is nobody: what it was to do the other one does
    done = reduce_hosts(test, folder, ['w1', 'w9'])
    check(done.returncode == 0 and 'w9: failed' in done.stderr, done.returncode, done.stderr)
    check(told(test.json('--notes', '--results-from', folder, code=1)) == whole, 'after a failure')
    os.remove(os.path.join(folder, '3-of-4.results'))
    open(heal, 'w', encoding='ascii').close()
    os.remove(test.path('dying.log'))
    done = reduce_hosts(test, folder, ['w1', 'w2'], TOA_SCAN=script)
    with open(test.path('dying.log'), encoding='ascii') as file:
        check(done.returncode == 0 and len(file.readlines()) == 1, 'what was there was asked for again', done.stderr)
    check(told(test.json('--notes', '--results-from', folder, code=1)) == whole, 'run again')
