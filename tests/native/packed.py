#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Packed captures: the records are those of the plain file, from a file and from a pipe; of a file that ends early come those of
its beginning, and an error.

    packed.py TOA-READ SAMPLE.pcap...

A packer that is missing is said, and counts as skipped if nothing else failed (exit 77).
"""

import os
import shutil
import subprocess
import sys
import tempfile

READ, SAMPLES = sys.argv[1], sys.argv[2:]
PACKERS = {'gz': ['gzip', '-c'], 'zst': ['zstd', '-q', '-c'], 'lz4': ['lz4', '-q', '-c']}


def need(condition, what):
    if not condition:
        sys.exit(what)


def read(path, stdin=None):
    done = subprocess.run([READ, path], input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
    return done.returncode, done.stdout, done.stderr.decode()


def check(sample, packer, folder):
    plain = read(sample)
    need(plain[0] == 0 and plain[1], '%s: exit %d, %s' % (sample, plain[0], plain[2]))
    with open(sample, 'rb') as file:
        packed = subprocess.run(PACKERS[packer], stdin=file, stdout=subprocess.PIPE, check=True).stdout
    path = os.path.join(folder, 'capture.pcap.' + packer)
    with open(path, 'wb') as file:
        file.write(packed)
    need(read(path) == plain, '%s packed by %s has other records: %s' % (sample, packer, read(path)[2]))
    need(read('-', packed)[:2] == plain[:2], '%s packed by %s has other records from a pipe' % (sample, packer))
    with open(path, 'wb') as file:
        file.write(packed[:-len(packed) // 3])
    cut = read(path)
    need(cut[0] != 0 and cut[2], '%s packed by %s and cut: exit %d, %r' % (sample, packer, cut[0], cut[2]))


missing = [name for name in PACKERS if not shutil.which(PACKERS[name][0])]
with tempfile.TemporaryDirectory(prefix='toa-packed-') as folder:
    for sample in SAMPLES:
        for name in PACKERS:
            if name not in missing:
                check(sample, name, folder)
print('%d captures, packed as %s: the same records' % (len(SAMPLES), ', '.join(n for n in PACKERS if n not in missing)))
if missing:
    print('skipped: no program to pack as ' + ', '.join(missing))
    sys.exit(77)
