# SPDX-License-Identifier: GPL-2.0-or-later
"""The rows of plugin/lists, for tests: what a finding is called is written there and nowhere else."""

import collections
import os
import re

TREE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
HEADER = os.path.join('plugin', 'lists', 'findings.h')

Finding = collections.namedtuple('Finding', 'id name severity role text')
Evidence = collections.namedtuple('Evidence', 'bit id name text')


def rows(table, tree=TREE, header=HEADER):
    """Cells of the X(...) lines of a macro, without quotes."""
    with open(os.path.join(tree, header), encoding='utf-8') as file:
        lines = re.search(rf'#define {table}\(X\)(.*?[^\\])\n', file.read(), re.S).group(1)
    for line in re.findall(r'X\((.*)\)', lines):
        yield [cell[1:-1] if cell.startswith('"') else cell for cell in re.findall(r'"[^"]*"|[^\s,]+', line)]


def findings(*roles, tree=TREE):
    """All, or those with these roles, in the order of the list."""
    found = [Finding(*row) for row in rows('TOA_FINDINGS', tree)]
    return [one for one in found if not roles or one.role in roles]


def names(*roles):
    """Filter names: toa.collision and so on."""
    return [one.name for one in findings(*roles)]


def evidence(tree=TREE):
    return [Evidence(*row) for row in rows('TOA_EVIDENCE', tree)]
