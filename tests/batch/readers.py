# SPDX-License-Identifier: GPL-2.0-or-later
"""Who reads: the answer does not depend on it, and what is left to tshark is said."""

import os
import shutil

from support import check

# what toa-read does not know: a link type of its own (LINKTYPE_USER0), and the same packets as Ethernet elsewhere
USER0 = b'\x93\0\0\0'


def incidents(test, *arguments):
    report = test.json('--notes', '--host', 'h', *arguments, code=None)
    return report['incidents'], report['conversations']


def readers(test):
    both = [test.sample('incident-client'), test.sample('incident-rs'), test.sample('ipv6-rs')]
    native = incidents(test, '--reader', 'native', *both)
    check(native[0] and native == incidents(test, '--reader', 'tshark', *both), 'the readers differ')
    check(native == incidents(test, *both), 'auto differs')
    # no tshark is needed where toa-read will do, and only there
    alone = test.scan('--json', '--tshark', test.path('none'), *both, code=1, tshark=False)
    check('tshark' not in alone.stderr, alone.stderr)
    odd = test.path('odd.pcap')
    with open(test.sample('control-client'), 'rb') as file:
        data = file.read()
    check(data[:4] in (b'\xd4\xc3\xb2\xa1', b'\x4d\x3c\xb2\xa1'), 'the sample is no little-endian pcap')
    with open(odd, 'wb') as file:
        file.write(data[:20] + USER0 + data[24:])
    left = test.scan(odd, code=0)
    check('odd.pcap: read by tshark: ' in left.stderr and 'link type 147' in left.stderr, left.stderr)
    check('no tshark' in test.scan('--tshark', test.path('none'), odd, code=2, tshark=False).stderr, 'not said')
    check('1 read, 1 without a TCP segment' in test.scan('--reader', 'native', odd, code=0).stdout, 'native')
    # a reader that crashes costs nothing but time
    folder = test.path('programs')
    os.makedirs(folder)
    shutil.copy(test.scan_path, folder)
    with open(os.path.join(folder, 'toa-read'), 'w', encoding='ascii') as file:
        file.write('#!/bin/sh\nkill -SEGV $$\n')
    os.chmod(os.path.join(folder, 'toa-read'), 0o755)
    test.scan_path = os.path.join(folder, os.path.basename(test.scan_path))
    crashed = test.scan(test.sample('incident-client'), code=1)
    check('toa-read crashed' in crashed.stderr and 'read by tshark' in crashed.stderr, crashed.stderr)
