"""The scenarios. Each is a function of a cell, registered with the options the cell is made with.

A function gets the running cell with captures already started and returns when all that shall be seen has happened;
it does not know about labels. Its docstring is what `run list` prints.
"""
import collections

Scenario = collections.namedtuple('Scenario', 'name run options doc expect loopback')
REGISTRY = {}


def scenario(name, expect='', loopback=False, **options):
    """Registers a function as a scenario; the same function may be registered several times with other options.

    expect: classes of labels (or how their names begin) that must come out at the real server, or nothing was shown;
    '' means that no frame may be labelled, 'any' that chance decides.
    loopback: capture the client's loopback interface instead of the four points.
    """
    def register(function):
        if name in REGISTRY or '.' in name:
            raise ValueError(f'scenario name {name}')
        doc = ' '.join((function.__doc__ or '').split())
        REGISTRY[name] = Scenario(name, function, options, doc, set(expect.split()), loopback)
        return function
    return register


def load():
    from . import alive, control, crossing, path, reuse, shared  # noqa: F401  (they register themselves)
    return REGISTRY
