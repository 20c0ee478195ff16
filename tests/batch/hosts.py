# SPDX-License-Identifier: GPL-2.0-or-later
"""Two hosts, which are this machine over ssh, scan a part of the corpus each; the head reads their records."""

import json
import os
import shutil
import socket
import sqlite3
import subprocess
import time

from support import BATCH, Skip, check, need_lab, need_program

FILES = 22  # of each point

SSHD = '''Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/client_key.pub
PidFile {folder}/pid
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin yes
'''
CLIENT = '''Host {names}
  HostName 127.0.0.1
  Port {port}
  IdentityFile {folder}/client_key
  IdentitiesOnly yes
  StrictHostKeyChecking no
  UserKnownHostsFile /dev/null
  LogLevel ERROR
  BatchMode yes
'''


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def start_sshd(test, port):
    sshd = shutil.which('sshd') or '/usr/sbin/sshd'
    if not os.path.exists(sshd):
        raise Skip('sshd is not installed')
    if os.getuid() != 0:
        raise Skip('sshd wants to be started by root')
    for name in ('host_key', 'client_key'):
        subprocess.run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', test.path(name)], check=True)
    with open(test.path('sshd_config'), 'w', encoding='ascii') as file:
        file.write(SSHD.format(port=port, folder=test.folder))
    os.makedirs('/run/sshd', exist_ok=True)
    process = subprocess.Popen([sshd, '-D', '-e', '-f', test.path('sshd_config')], stderr=subprocess.PIPE, text=True)
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(('127.0.0.1', port)) == 0:
                return process
        if process.poll() is not None:
            raise Skip(f'sshd does not start here: {process.stderr.read().strip()}')
        time.sleep(0.05)
    process.terminate()
    process.wait()
    raise Skip('sshd does not answer')


def write_client(test, names, port):
    with open(test.path('ssh_config'), 'w', encoding='ascii') as file:
        file.write(CLIENT.format(names=' '.join(names), port=port, folder=test.folder))


def scan_hosts(test, parts, out='out'):
    environment = {**os.environ, 'SSH': f'ssh -F {test.path("ssh_config")}',
                   'TOA_SCAN': f'{test.scan_path} --tshark {test.tshark}'}
    return subprocess.run([os.path.join(BATCH, 'scan-hosts'), test.path(out), *parts], env=environment, check=False,
                          capture_output=True, text=True)


def share(test, corpus):
    """The first files of each point, about a third of the corpus' time; two folders, one a host."""
    folders = {'w1': 'client', 'w2': 'lvs rs'}
    for host, points in folders.items():
        os.makedirs(test.path(host))
        for name in sorted(os.listdir(corpus)):
            if name.split('_')[0] in points.split() and int(name.split('_')[1].split('.')[0]) <= FILES:
                os.link(os.path.join(corpus, name), test.path(host, name))
    return [f'{host}:{test.path(host)}' for host in folders]


def summary(report):
    return sorted((item['kind'], item['key'], item['foreign_rsts'], item['foreign_segments'], item['first_time'])
                  for item in report['incidents'])


def fetched(test):
    """The files of records, by the host's folder here."""
    out = test.path('out')
    return {name: sorted(file for file in os.listdir(os.path.join(out, name)) if file.endswith('.records'))
            for name in sorted(os.listdir(out)) if name != 'joblog'}


def odd_folders(test):
    """Two folders of one host, with names that a shell would act on; the second day brings what is new, once."""
    first, second = test.path("odd; touch sprung 'x'"), test.path('odd $(touch sprung)')
    for folder, sample in ((first, 'incident-client'), (second, 'incident-rs')):
        os.makedirs(folder)
        shutil.copy(test.sample(sample), folder)
    done = scan_hosts(test, [f'w1:{first}', f'w1:{second}'], 'odd')
    check(done.returncode == 0, done.stderr)
    head = ('--db', test.path('odd.sqlite'), '--records-from', test.path('odd'))
    check(test.json(*head, code=1)['files'] == 2, 'two folders of one host')
    shutil.copy(test.sample('control-client'), first)
    check(scan_hosts(test, [f'w1:{first}', f'w1:{second}'], 'odd').returncode == 0, 'the second day')
    counts = sorted(len(os.listdir(test.path('odd', name))) for name in os.listdir(test.path('odd')) if name != 'joblog')
    check(counts == [1, 2] and test.json(*head, code=1)['files'] == 3, 'the second day', counts)
    with open(os.path.join(first, 'broken.pcap'), 'wb') as file:
        file.write(b'no capture' * 20)
    done = scan_hosts(test, [f'w1:{first}'], 'odd')
    check(done.returncode == 2 and 'not all of its captures' in done.stderr, done.stderr)
    check(not any('sprung' in names for _, _, names in os.walk(test.folder)) and not os.path.exists('sprung') and
          not os.path.exists(os.path.expanduser('~/sprung')), 'a name was run by a shell')
    check(len(os.listdir(test.path('odd', 'joblog'))) == 3, 'logs')
    check(scan_hosts(test, ['-oProxyCommand=x:/tmp'], 'odd').returncode == 2, 'an option for a host')


def hosts(test):
    need_lab()
    need_program('parallel')
    need_program('ssh')
    corpus = os.path.join(test.keep, 'captures')
    port = free_port()
    parts = share(test, corpus)
    sshd = start_sshd(test, port)
    try:
        write_client(test, ['w1'], port)  # w2 is unknown: it fails
        done = scan_hosts(test, parts)
        check(done.returncode == 2 and f'{parts[1]}: failed' in done.stderr, done.returncode, done.stderr)
        check([len(files) for files in fetched(test).values()] == [1, 0], 'after a failure', fetched(test))
        write_client(test, ['w1', 'w2'], port)
        done = scan_hosts(test, parts)
        check(done.returncode == 0, done.stderr)
        check([len(files) for files in fetched(test).values()] == [1, 1], 'w1 was fetched again', fetched(test))
        odd_folders(test)
    finally:
        sshd.terminate()
        sshd.wait()
    head = test.json('--db', test.path('head.sqlite'), '--records-from', test.path('out'), code=1)
    again = test.json('--db', test.path('head.sqlite'), '--records-from', test.path('out'), code=1)
    check({**head, 'run': 0} == {**again, 'run': 0}, 'reading the records twice makes a difference')
    # One host over the same files: the scan of the whole corpus has them already.
    names = [f'{point}_{number:05d}.pcap' for point in ('client', 'lvs', 'rs') for number in range(1, FILES + 1)]
    shutil.copy(os.path.join(test.keep, 'scan.sqlite'), test.path('one.sqlite'))
    db = sqlite3.connect(test.path('one.sqlite'))
    wanted = {os.path.join(corpus, name) for name in names}
    gone = [file for file, path in db.execute('SELECT file, path FROM capture_file') if path not in wanted]
    for table in ('capture_file', 'conversation', 'finding', 'unexplained'):
        db.executemany(f'DELETE FROM {table} WHERE file = ?', [(file,) for file in gone])
    db.commit()
    db.close()
    one = test.json('--db', test.path('one.sqlite'), code=1)
    check(3 * FILES - 4 < one['files'] == head['files'], one['files'], head['files'])  # some have no packet: the same
    check(summary(one) == summary(head), 'different:', json.dumps([summary(one), summary(head)], indent=1))
    print(f"{len(head['incidents'])} incidents of {head['files']} files, from one host and from two over ssh")
