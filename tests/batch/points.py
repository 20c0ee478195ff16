# SPDX-License-Identifier: GPL-2.0-or-later
"""The files of one capture point are one reading: over runs, with files that are gone or left to tshark; pipes; who waits; and
segments of connections that nobody has captured."""

import gzip
import json
import os
import shutil
import signal
import sqlite3
import struct
import subprocess
import threading
import time

from lab_pcap import read_pcap, write_pcap
from support import LAB, check, need_lab

POINT = ('-p', 'point=*')


def pieces(test, folder, count, name='incident-client'):
    """The sample in so many files; their names do not count up."""
    packets = read_pcap(test.sample(name))
    os.makedirs(test.path(folder))
    paths = [test.path(folder, f'{letter}.pcap') for letter in 'gbfacedh'[:count]]
    for number, path in enumerate(paths):
        write_pcap(path, packets[len(packets) * number // count:len(packets) * (number + 1) // count])
    return paths


def told(report):
    """What the report says, without names of files and numbers in them."""
    return [(incident['kind'], incident['key'], incident['foreign_rsts'], incident['foreign_segments'], incident['victim'],
             incident['victim_segments'], [flow['frames'] for side in 'ab' for flow in incident[side]],
             [(fact['finding'], fact['time'], fact['evidence']) for fact in incident['facts']])
            for incident in report['incidents']]


def points(test):
    whole = told(test.json('--notes', *POINT, test.sample('incident-client'), code=1))
    check(len(whole) == 1 and whole[0][4:6] == ('a', 7), whole)
    paths = pieces(test, 'ring', 5)
    check(told(test.json('--notes', *POINT, test.path('ring'), code=1)) == whole, 'five files are not as one')
    over_runs(test, paths, whole)
    late(test, paths, whole)
    gone(test, paths)
    left_to_tshark(test, paths)
    frames_of_files(test, paths)
    other_hosts(test, paths, whole)


def over_runs(test, paths, whole):
    """A file a run: each reads again what the earlier ones had open, and all of it together says what one run says."""
    db = ('--db', test.path('runs.db'), '--notes', *POINT)
    read_again = []
    for path in paths:
        report = test.json(*db, path)
        read_again.append(report['run']['read_again'])
        check(report['run']['points_joined'] == 0 and report['run']['read'] == 1, report['run'])
    check(read_again == [0, 1, 2, 3, 4], 'read again:', read_again)
    check(told(report) == whole, 'file by file:', told(report), whole)
    check('4 files of earlier runs read again' not in test.scan(*db, code=1).stdout, 'said though nothing was read')
    again = test.json(*db, test.path('ring'), code=1)
    check(again['run']['known'] == 5 and told(again) == whole, 'read twice')


def late(test, paths, whole):
    """A file that comes late is put where it belongs, and what follows it is judged anew."""
    db = ('--db', test.path('late.db'), '--notes', *POINT)
    test.json(*db, *paths[:2], *paths[3:])
    report = test.json(*db, paths[2], code=1)
    check(told(report) == whole and report['run']['read'] == 1, 'late:', told(report), whole)
    engines = sqlite3.connect(test.path('late.db')).execute('SELECT COUNT(*), COUNT(DISTINCT engine) FROM capture_file').fetchone()
    check(engines == (5, 1), engines)
    rows = sqlite3.connect(test.path('late.db')).execute('SELECT MAX(began_time - (SELECT MIN(began_time) FROM conversation)) '
                                                         'FROM conversation').fetchone()[0]
    check(rows < 400_000_000, 'a conversation began anew behind the file that was late', rows)


def gone(test, paths):
    """The ring has overwritten what is needed: the records of then are joined, and that is said."""
    db = ('--db', test.path('gone.db'), '--notes', *POINT)
    test.json(*db, *paths[:3])
    moved = [(path, path + '.away') for path in paths[:2]]
    for path, away in moved:
        os.rename(path, away)
    done = test.scan(*db, *paths[3:], code=1)
    check('1 capture point whose new files go on from files that are gone' in done.stdout and '1 file of' in done.stdout,
          done.stdout[-500:])
    incidents = test.json(*db, code=1)['incidents']
    check([incident['kind'] for incident in incidents] == ['collision.confirmed'] and incidents[0]['foreign_rsts'] == 8,
          'joined:', incidents)
    for path, away in moved:
        os.rename(away, path)


def snoop(packets):
    """RFC 1761, which toa-read leaves to tshark."""
    text = b'snoop\0\0\0' + struct.pack('>II', 2, 4)
    for packet in packets:
        size, pad = len(packet.frame), -len(packet.frame) % 4
        seconds, nanos = divmod(packet.time, 10**9)
        text += struct.pack('>IIIIII', size, size, 24 + size + pad, 0, seconds, nanos // 1000) + bytes(packet.frame) + b'\0' * pad
    return text


def left_to_tshark(test, paths):
    """A file in the middle that only Wireshark reads: those around it are one reading all the same."""
    folder = test.path('mixed')
    shutil.copytree(test.path('ring'), folder)
    middle = os.path.join(folder, os.path.basename(paths[2]))
    packets = read_pcap(middle)
    with open(middle, 'wb') as file:
        file.write(snoop(packets))
    done = test.scan('--db', test.path('mixed.db'), *POINT, folder, code=1)
    check(f'{middle}: read by tshark: ' in done.stderr and '1 incident, ' in done.stdout, done.stderr, done.stdout[:300])
    db = sqlite3.connect(test.path('mixed.db'))
    check(db.execute('SELECT COUNT(*), COUNT(DISTINCT engine) FROM capture_file').fetchone() == (5, 2), 'readings')
    check(db.execute('SELECT SUM(packets) FROM capture_file').fetchone() == (42,), 'packets')
    db.close()


def frames_of_files(test, paths):
    """A fact names a frame of its file, and one of another file."""
    incident = test.json(*POINT, test.path('ring'), code=1)['incidents'][0]
    times = {path: [packet.time for packet in read_pcap(path)] for path in paths}
    others = 0
    for fact in incident['facts']:
        check(times[fact['file']][fact['frame'] - 1] == fact['time'], 'not that frame', fact)
        others += fact['other_file'] not in (None, fact['file'])
        check(fact['other_frame'] is None or fact['other_frame'] <= len(times[fact['other_file']]), fact)
    check(others > 0, 'no fact names a frame of an earlier file')
    since = times[incident['victim_since_file']][incident['victim_since_frame'] - 1]
    whole = test.json(*POINT, test.sample('incident-client'), code=1)['incidents'][0]
    check(read_pcap(test.sample('incident-client'))[whole['victim_since_frame'] - 1].time == since, 'victim since')


def other_hosts(test, paths, whole):
    """Records of a chain carry all of it: what another host makes of them is the same."""
    test.scan('--host', 'one', '--records', test.path('all.records'), *POINT, test.path('ring'), code=0)
    check(told(test.json('--notes', test.path('all.records'), code=1)) == whole, 'records of a chain')
    test.scan('--host', 'one', '--records', test.path('some.records'), *POINT, *paths[:3], code=0)
    test.scan('--host', 'one', '--records', test.path('more.records'), '--known', test.path('some.records'), *POINT,
              test.path('ring'), code=0)
    report = test.json('--notes', test.path('some.records'), test.path('more.records'), code=1)
    check([incident[:4] for incident in told(report)] == [whole[0][:4]], 'records of two days:', told(report))


def feed(path, data):
    def write():
        with open(path, 'wb') as file:
            file.write(data)
    thread = threading.Thread(target=write)
    thread.start()
    return thread


def pipes(test):
    with open(test.sample('incident-client'), 'rb') as file:
        data = file.read()
    wanted = told(test.json('--notes', test.sample('incident-client'), code=1))
    kept = test.path('tmp')
    os.makedirs(kept)
    fifo = test.path('pipe.pcap')
    os.mkfifo(fifo)
    thread = feed(fifo, data)
    report = test.json('--notes', fifo, code=1)
    thread.join()
    check(told(report) == wanted, 'a FIFO:', told(report))
    for what in (data, gzip.compress(data)):
        done = subprocess.run([test.scan_path, '--tshark', test.tshark, '--json', '--notes', '-'], input=what,
                              capture_output=True, check=False)
        check(done.returncode == 1, done.returncode, done.stderr)
        report = json.loads(done.stdout)
        check(told(report) == wanted and report['clocks'][0]['point'] == 'standard input', report['clocks'])
    # what toa-read leaves to tshark is read a second time, from the same bytes
    done = subprocess.run([test.scan_path, '--tshark', test.tshark, '-'], input=snoop(read_pcap(test.sample('incident-client'))),
                          capture_output=True, check=False)
    check(done.returncode == 1 and b'standard input: read by tshark' in done.stderr, done.returncode, done.stderr)
    check('cannot be both' in test.scan('--records', '-', '--known', '-', '-', code=2).stderr, 'twice')
    for seconds in (0.2, 3):  # during the first check, and while it waits for somebody to write
        waiting = subprocess.Popen([test.scan_path, '--tshark', test.tshark, fifo], stderr=subprocess.PIPE,
                                   stdout=subprocess.DEVNULL, text=True, env={**os.environ, 'TMPDIR': kept})
        time.sleep(seconds)
        waiting.send_signal(signal.SIGTERM)
        try:
            said = waiting.communicate(timeout=60)[1]
        finally:
            waiting.kill()
        check('interrupted' in said and waiting.returncode == 2, 'SIGTERM after', seconds, said)
    check(os.listdir(kept) == [], 'left in TMPDIR:', os.listdir(kept))


def strict(test):
    """Half of the story, at the load balancer: said, and an incident with --strict; not where the other half is there, too."""
    need_lab()
    lvs = os.path.join(LAB, 'a_mysql_rst.lvs.pcap')
    done = test.scan(lvs, code=0)
    check(' segments on 1 connection belong to a connection that is in none of the captures' in done.stdout, done.stdout)
    check(test.scan('--strict', lvs, code=1).stdout == done.stdout, 'the text changes')
    check(test.json(lvs)['unseen_segments'] > 0, 'not in the JSON')
    test.scan('--strict', test.sample('control-client'), code=0)
    both = test.json('--strict', lvs, os.path.join(LAB, 'a_mysql_rst.client.pcap'), code=1)
    check(both['warnings'] == 1 and both['unseen_segments'] == 0, both['warnings'], both['unseen_segments'])
