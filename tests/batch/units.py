# SPDX-License-Identifier: GPL-2.0-or-later
"""The systemd units: systemd takes them, and the command in them does what they promise."""

import os
import re
import shutil
import subprocess

from support import BATCH, check, need_program


def units(test):
    analyze = need_program('systemd-analyze')
    os.makedirs(test.path('units'))
    with open(os.path.join(BATCH, 'systemd', 'toa-scan.service.in'), encoding='ascii') as file:
        text = file.read().replace('@TOA_SCAN_PROGRAM@', test.scan_path)
    with open(test.path('units', 'toa-scan.service'), 'w', encoding='ascii') as file:
        file.write(re.sub('Documentation=.*', '', text))  # its page is not installed here
    with open(os.path.join(BATCH, 'systemd', 'toa-scan.timer'), encoding='ascii') as file:
        timer = file.read()
    with open(test.path('units', 'toa-scan.timer'), 'w', encoding='ascii') as file:
        file.write(re.sub('Documentation=.*', '', timer))
    paths = [test.path('units', name) for name in ('toa-scan.service', 'toa-scan.timer')]
    done = subprocess.run([analyze, 'verify', *paths], capture_output=True, text=True, check=False)
    wrong = [line for line in done.stderr.splitlines() if test.folder in line or 'toa-scan' in line]
    check(not wrong, 'systemd-analyze verify:', *wrong)
    exposed(test, analyze, text)
    twice(test, re.search(r'ExecStart=(.*\\\n.*)', text)[1].replace('\\\n', ' '))


def exposed(test, analyze, text):
    """What systemd thinks of the sandboxes, 0 to 100: they do not open by mistake."""
    with open(os.path.join(BATCH, 'systemd', 'toa-watch@.service.in'), encoding='ascii') as file:
        watch = file.read().replace('@TOA_SCAN_PROGRAM@', test.scan_path)
    for name, unit, most in (('toa-scan.service', text, 35), ('toa-watch@any.service', watch, 30)):
        path = test.path(name)
        with open(path, 'w', encoding='ascii') as file:
            file.write(unit)
        done = subprocess.run([analyze, 'security', '--offline=yes', '--no-pager', f'--threshold={most}', path], capture_output=True,
                              text=True, check=False)
        check(done.returncode == 0, f'systemd-analyze security: {name}:', *done.stdout.splitlines()[-1:], done.stderr)


def twice(test, command):
    """As systemd would start it; the second time nothing is read."""
    os.makedirs(test.path('captures'))
    shutil.copy(test.sample('incident-client'), test.path('captures'))
    state = test.path('state')
    os.makedirs(state)
    environment = {**os.environ, 'CAPTURES': test.path('captures'), 'RETAIN': '0', 'OPTIONS': f'--tshark {test.tshark}',
                   'STATE_DIRECTORY': state}
    for known in (0, 1):
        done = subprocess.run(['sh', '-c', command], env=environment, capture_output=True, text=True, check=False)
        check(done.returncode == 1 and not done.stdout and not done.stderr, done)
        with open(os.path.join(state, 'toa-scan.prom'), encoding='ascii') as file:
            metrics = file.read()
        check(f'toa_scan_files{{state="known"}} {known}' in metrics and 'toa_scan_incidents{kind="confirmed"} 1' in metrics,
              metrics)
    check(sorted(os.listdir(state)) == ['report.html', 'scan.sqlite', 'toa-scan.prom'], os.listdir(state))
