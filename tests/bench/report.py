# SPDX-License-Identifier: GPL-2.0-or-later
"""Tables on the screen and in a file."""

import os
import platform


class Report:
    def __init__(self, path):
        self.file = open(path, 'w', encoding='utf-8') if path else None
        self.text('%s, %d processors, load %.1f when it began' % (
            platform.machine(), os.cpu_count(), os.getloadavg()[0]))

    def text(self, line):
        print(line, flush=True)
        if self.file:
            self.file.write(line + '\n')
            self.file.flush()

    def table(self, title, head, rows):
        rows = [[str(cell) for cell in row] for row in rows]
        self.text('\n## ' + title + '\n')
        self.text('| ' + ' | '.join(head) + ' |')
        self.text('|' + '---|' * len(head))
        for row in rows:
            self.text('| ' + ' | '.join(row) + ' |')

    def verdict(self, what, value, limit, unit=''):
        self.text('%s: %.2f%s, target %s%s: %s' % (
            what, value, unit, limit, unit, 'reached' if value <= limit else 'NOT reached'))

    def close(self):
        if self.file:
            self.file.close()
