# SPDX-License-Identifier: GPL-2.0-or-later
"""Every small change that can be made to one source file: see run."""

import collections
import re

Mutant = collections.namedtuple('Mutant', 'path line kind start end text')

SKIPPED = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|^[ \t]*#(?:\\\n|[^\n])*', re.S | re.M)
SKIPPED_SQL = re.compile(r"--[^\n]*|'[^'\n]*'|^(?:DROP|CREATE)[^\n]*", re.M)
OPPOSITE = {'<=': '<', '>=': '>', '<': '<=', '>': '>=', '==': '!=', '!=': '=='}
OPPOSITE_SQL = {'<=': '<', '>=': '>', '<': '<=', '>': '>=', '=': '<>', '<>': '='}
STATEMENT = re.compile(r'^[ ]+(?=\*?[A-Za-z_]\w*(?:\(|->|\.|\[|\+\+;|--;| [-+|&^*/]?= )(?!\s*=))', re.M)
NO_STATEMENT = re.compile(r'(?:return|if|for|while|switch|case|default|else|do|goto|sizeof|g_assert\w*)\b')
END_OF_TERM = ';{}?:,'


def blank(text, pattern):
    """The same length, but nothing where the pattern is: offsets stay."""
    return pattern.sub(lambda found: re.sub(r'[^\n]', ' ', found.group()), text)


def closing(code, start):
    """Behind the bracket that closes the one at start."""
    depth = 0
    for at in range(start, len(code)):
        depth += (code[at] in '([{') - (code[at] in ')]}')
        if depth == 0:
            return at + 1
    return len(code)


def term(code, at, step):
    """Where the operand that begins or ends at `at` ends: the operator of the same kind, a bracket, the statement."""
    depth = 0
    while 0 <= at < len(code):
        c = code[at]
        opens, closes = ('([', ')]') if step > 0 else (')]', '([')
        depth += (c in opens) - (c in closes)
        if depth < 0 or (depth == 0 and (c in END_OF_TERM or code[min(at, at + step):][:2] in ('&&', '||'))):
            break
        if depth == 0 and c == '=' and code[at - 1] not in '<>!=' and code[at + 1] != '=':
            break
        if depth == 0 and step < 0 and code[at - 6:at + 1] == 'return ':
            break
        at += step
    return at if step > 0 else at + 1


def conditions(code):
    for found in re.finditer(r'\b(?:if|while) \(', code):
        end = closing(code, found.end() - 1)
        yield 'negate', found.end() - 1, end, lambda old: f'(!{old})'
    for found in re.finditer(r'&&|\|\|', code):
        yield 'term', term(code, found.start() - 1, -1), found.end(), lambda old: ''
        yield 'term', found.start(), term(code, found.end(), 1), lambda old: ''


def tokens(code):
    for found in re.finditer(r'(?<=[\w)\] ])(<=|>=|==|!=|(?<![-<>])[<>](?![<>=]))(?= )', code):
        yield 'relation', found.start(), found.end(), OPPOSITE.get
    for found in re.finditer(r'(?<![\w.])\d+(?=[uU]?\b)(?![xX.\w]*\.)(?!x)', code):
        yield 'constant', found.start(), found.end(), lambda old: str(int(old) + 1)
    for found in re.finditer(r'(?<= )[-+](?= )|[-+](?== )', code):
        yield 'sign', found.start(), found.end(), lambda old: '-' if old == '+' else '+'
    for found in re.finditer(r'(?<=return )(?:true|false|TRUE|FALSE)(?=;)', code):
        yield 'result', found.start(), found.end(), {'true': 'false', 'false': 'true', 'TRUE': 'FALSE', 'FALSE': 'TRUE'}.get
    for found in re.finditer(r' \| [A-Z][A-Z_0-9]+\b|\b[A-Z][A-Z_0-9]+ \| ', code):
        yield 'flag', found.start(), found.end(), lambda old: ''


def lines(code):
    for found in STATEMENT.finditer(code):
        start, end = found.end(), found.end()
        before = code[:start].rstrip()
        if NO_STATEMENT.match(code, start) or before[-1:] not in (';', '{', '}', ':'):
            continue  # the rest of a condition
        while end < len(code) and code[end] not in ';{':
            end = closing(code, end) if code[end] in '([' else end + 1
        if code[end] == ';':
            yield 'statement', start, end, lambda old: ''
    for found in re.finditer(r'^    \{[^{}\n]*\},[ ]*$', code, re.M):
        yield 'row', found.start(), found.end(), lambda old: ''


def in_sql(code):
    for found in re.finditer(r'(?<= )(?:<=|>=|<>|[<>=])(?= )', code):
        yield 'relation', found.start(), found.end(), OPPOSITE_SQL.get
    for found in re.finditer(r'(?<![\w.])\d+\b', code):
        yield 'constant', found.start(), found.end(), lambda old: str(int(old) + 1)
    for found in re.finditer(r'^ +(?:AND|OR) [^()\n]*$', code, re.M):
        yield 'term', found.start(), found.end(), lambda old: ''
    for found in re.finditer(r'(?<= )[-+](?= )', code):
        yield 'sign', found.start(), found.end(), lambda old: '-' if old == '+' else '+'


def mutants(path, text):
    """All of a file, in its order."""
    sql = path.endswith('.sql')
    code = blank(text, SKIPPED_SQL if sql else SKIPPED)
    made = in_sql(code) if sql else (change for make in (conditions, tokens, lines) for change in make(code))
    seen = set()  # of three terms the middle one can be taken out with either operator
    for kind, start, end, change in sorted(made, key=lambda one: one[1:3]):
        old = text[start:end]
        line = text.count('\n', 0, start + len(old) - len(old.lstrip())) + 1
        mutant = Mutant(path, line, kind, start, end, change(old))
        result = hash(re.sub(r'\s+', '', apply(text, mutant)))
        if result not in seen:
            seen.add(result)
            yield mutant


def apply(text, mutant):
    return text[:mutant.start] + mutant.text + text[mutant.end:]
