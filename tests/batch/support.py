# SPDX-License-Identifier: GPL-2.0-or-later
"""What the parts of the test share."""

import json
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
PROJECT = os.path.dirname(os.path.dirname(HERE))
BATCH = os.path.join(PROJECT, 'batch')
SAMPLES = os.path.join(PROJECT, 'sample-captures')
SHARED = os.environ.get('TOA_SHARED', os.path.join(os.path.dirname(PROJECT), 'shared', 'captures'))
LAB = os.path.join(PROJECT, 'tests', 'score', 'captures')

# Stands for tshark: has the plugin, writes down the files it was given, and does to each what its name says.
FAKE_TSHARK = '''#!/bin/sh
if [ "$1" = -G ] && [ "$FAKE_CHECK" = hang ]; then sleep 300 & echo $! >> "$FAKE_LOG.tmp"; echo $$ >> "$FAKE_LOG.tmp"; mv "$FAKE_LOG.tmp" "${FAKE_LOG%log}pids"; wait; fi
if [ "$1" = -G ]; then printf 'toa.so\\t0\\tdissector\\t/x/toa.so\\n'; exit 0; fi
for last; do :; done
case $last in *toa-scan-??????) exit 0 ;; esac # the check of the settings
printf '%s\n' "$@" >> "$FAKE_LOG.arguments"
echo "$last" >> "$FAKE_LOG"
case $last in
*crash*) kill -SEGV $$ ;;
*rows*) i=0; while [ $i -lt 4000 ]; do echo '{"record":"conversation","stream":'$i',"client_ip":"10.0.0.1","client_port":1,"server_ip":"10.0.0.2","server_port":2,"key_client_ip":"10.0.0.1","key_client_port":1,"key_server_ip":"10.0.0.2","key_server_port":2,"frames":1,"first_time":1,"last_time":1}'; i=$((i+1)); done ;;
*odd*) echo 'this is no record'; exit 0 ;;
*slow*) exec sleep 20 ;;
*hungry*) exec python3 -c 'import os, time; held = bytearray(160 << 20); log = open(os.environ["FAKE_LOG"] + ".memory", "a"); print("+", file=log, flush=True); time.sleep(1.5); print("-", file=log, flush=True)' ;;
*hang*) trap '' TERM; sleep 300 & echo $! >> "${FAKE_LOG%log}pids"; echo $$ >> "${FAKE_LOG%log}pids"; wait; sleep 300 ;;
*noisy*) i=0; while [ $i -lt 4000 ]; do echo 'a warning about nothing much, again and again' >&2; i=$((i+1)); done
echo '{"record":"conversation","stream":0,"client_ip":"10.0.0.1","client_port":1,"server_ip":"10.0.0.2","server_port":2,"key_client_ip":"10.0.0.1","key_client_port":1,"key_server_ip":"10.0.0.2","key_server_port":2,"frames":1,"first_time":1,"last_time":1}'
echo "tshark: The file \\"$last\\" appears to have been cut short in the middle of a packet." >&2
i=0; while [ $i -lt 400 ]; do echo 'and a few more words at the end' >&2; i=$((i+1)); done; exit 2 ;;
*big*) i=0; while [ $i -lt 4000 ]; do echo '{"record":"nothing","text":"................................................................................................................................"}'; i=$((i+1)); done ;;
esac
exit 0
'''


class Skip(Exception):
    """What is missing."""


class Test:
    def __init__(self, scan, tshark):
        self.scan_path = scan
        self.tshark = tshark
        self.folder = tempfile.mkdtemp(prefix='toa-batch-')
        self.keep = os.path.join(os.path.dirname(scan), 'test-corpus')

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def sample(self, name):
        return os.path.join(SAMPLES, f'{name}.pcap')

    def scan(self, *arguments, code=None, environment=None, tshark=True):
        """Runs toa-scan; checks the exit code; returns its CompletedProcess."""
        command = [self.scan_path, *(['--tshark', self.tshark] if tshark else []), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False,
                              env={**os.environ, **(environment or {})})
        if code is not None and done.returncode != code:
            raise AssertionError(f'{command}: exit code {done.returncode}, not {code}\n{done.stdout}\n{done.stderr}')
        return done

    def json(self, *arguments, code=None):
        return json.loads(self.scan('--json', *arguments, code=code).stdout)

    def fake(self):
        """A fake tshark and the environment that it needs."""
        path = self.path('tshark')
        with open(path, 'w', encoding='ascii') as file:
            file.write(FAKE_TSHARK)
        os.chmod(path, 0o755)
        return path, {'FAKE_LOG': self.path('log')}

    def log(self):
        try:
            with open(self.path('log'), encoding='ascii') as file:
                return [os.path.basename(line.strip()) for line in file]
        except FileNotFoundError:
            return []

    def arguments(self):
        """All words of the command lines of the fake tshark."""
        with open(self.path('log.arguments'), encoding='ascii') as file:
            return file.read().splitlines()

    def touch(self, *names):
        paths = [self.path(name) for name in names]
        for path in paths:
            with open(path, 'wb') as file:
                file.write(b'\xd4\xc3\xb2\xa1' + os.path.basename(path).encode())
        return paths

    def is_debug(self):
        """Whether the build is not optimised."""
        with open(os.path.join(os.path.dirname(self.tshark), 'CMakeCache.txt'), encoding='utf8') as file:
            return 'CMAKE_BUILD_TYPE:STRING=Debug' in file.read()

    def clean(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def check(condition, *words):
    if not condition:
        raise AssertionError(' '.join(str(word) for word in words))


def need_lab():
    if not os.path.exists(os.path.join(LAB, 'a_rst.client.pcap')):
        raise Skip(f'no captures in {LAB}')


def need_program(*names):
    for name in names:
        path = shutil.which(name)
        if path:
            return path
    raise Skip(f'{names[0]} is not installed')


def main(parts, description):
    import argparse
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--scan', required=True)
    parser.add_argument('--tshark', required=True)
    parser.add_argument('part', choices=parts)
    arguments = parser.parse_args()
    test = Test(os.path.abspath(arguments.scan), os.path.abspath(arguments.tshark))
    try:
        parts[arguments.part](test)
        print(f'{arguments.part}: ok')
    except Skip as why:
        print(f'skipped: {why}')
        sys.exit(77)
    finally:
        test.clean()
