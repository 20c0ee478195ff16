# SPDX-License-Identifier: GPL-2.0-or-later
"""Packages of npm that tests need: those of npm/package-lock.json, to the byte, in the build tree. They are fetched once, by the
first test that needs one. Without npm or a network such tests are skipped, and say why."""

import os
import shutil
import signal
import subprocess

from support import HERE, Skip, need_program

LOCK = os.path.join(HERE, 'npm', 'package-lock.json')
SECONDS = 300  # some 200 MB


def npm(where):
    """What went wrong; None: nothing."""
    command = [need_program('npm'), 'ci', '--prefix', where, '--ignore-scripts', '--no-audit', '--no-fund', '--no-update-notifier',
               '--loglevel=error']
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                               start_new_session=True)
    try:
        text = process.communicate(timeout=SECONDS)[0]
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return f'nothing after {SECONDS} s'
    return f'exit status {process.returncode}: {text.strip()[:400]}' if process.returncode else None


def install(where):
    done = os.path.join(where, 'installed')
    with open(LOCK, 'rb') as file:
        lock = file.read()
    if os.path.exists(done):
        with open(done, 'rb') as file:
            if file.read() == lock:
                return
        os.remove(done)
    os.makedirs(where, exist_ok=True)
    for name in ('package.json', 'package-lock.json'):
        shutil.copy(os.path.join(os.path.dirname(LOCK), name), where)
    problem = npm(where)
    if problem:
        raise Skip(f'npm could not install {LOCK} into {where}: {problem}')
    shutil.copy(LOCK, done)


def folder(test, name):
    """Where the package is."""
    where = os.path.join(os.path.dirname(test.keep), 'npm')
    install(where)
    path = os.path.join(where, 'node_modules', *name.split('/'))
    if not os.path.isdir(path):
        raise Skip(f'npm has no {name} for this machine')
    return path
