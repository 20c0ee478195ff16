# SPDX-License-Identifier: GPL-2.0-or-later
"""Compares what toa-scan found in a corpus of make-corpus with what was planted."""

import json
import os


def client_of(incident):
    return incident['key'].split(' > ')[0].rsplit(':', 1)[0].strip('[]')


def compare(corpus, report):
    """The differences, one line each; empty: all found, nothing else."""
    with open(os.path.join(corpus, 'expected.json'), encoding='ascii') as file:
        expected = json.load(file)
    wanted = {item['client']: item for item in expected['incidents']}
    found, problems = {}, []
    for incident in report['incidents']:
        if incident['severity'] == 'warn':
            found.setdefault(client_of(incident), []).append(incident)
    for client, item in wanted.items():
        if client not in found:
            problems.append(f"missed: {item['kind']} {item['scenario']} of client {client}")
    for client, incidents in found.items():
        if client not in wanted:
            problems.append(f"false: {incidents[0]['kind']} of {incidents[0]['key']}")
        elif len(incidents) > 1:
            problems.append(f"{len(incidents)} incidents instead of one: {wanted[client]['scenario']} "
                            f"{wanted[client]['kind']} of client {client}")
    problems += compare_clocks(expected['skew_ns'], report['clocks'])
    return problems


def compare_clocks(skews, clocks):
    problems = []
    names = {clock['point']: next(name for name in skews if name in os.path.basename(clock['point']))
             for clock in clocks}
    for clock in clocks:
        truth = skews[names[clock['point']]] - skews[names[clock['reference']]]
        if abs(clock['skew_ns'] - truth) > clock['error_ns']:
            problems.append(f"clock of {clock['point']}: {clock['skew_ns']} +- {clock['error_ns']}, truth {truth}")
    return problems
