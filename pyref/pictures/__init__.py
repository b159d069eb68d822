"""Pictures of a fit: with matplotlib, and with characters.

    loss_curve           the loss over the epochs (document 000's picture)
    sigmoid_fit          one feature: the data, the fitted probability and how sure it is
    decision_boundary    two features: where one class ends and another begins
    loss_surface         the loss over (a, b), and paths of the descent on it (descent_path)

Each of these draws on the matplotlib Axes that it is given, or on a new figure of pyplot, and
returns the Axes; titles, labels and limits can be changed on it afterwards. matplotlib comes
with `pip install 'pyref-logistic[plot]'` and is not imported before something is drawn. Where
there is none, `pyref.pictures.terminal` draws a loss curve with characters.
"""

import importlib as _importlib

# The functions are imported when they are first asked for: whoever only wants characters waits
# for nothing else. (Type checkers take TYPE_CHECKING to be true.)
TYPE_CHECKING = False
if TYPE_CHECKING:
    from .curves import loss_curve, sigmoid_fit
    from .drawing import SIZE
    from .surfaces import decision_boundary, descent_path, loss_surface
else:
    _PLACES = {
        "SIZE": "drawing",
        "decision_boundary": "surfaces",
        "descent_path": "surfaces",
        "loss_curve": "curves",
        "loss_surface": "surfaces",
        "sigmoid_fit": "curves",
    }

    def __getattr__(name):
        if name not in _PLACES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(_importlib.import_module(f".{_PLACES[name]}", __name__), name)
        globals()[name] = value
        return value


__all__ = (
    "SIZE",
    "decision_boundary",
    "descent_path",
    "loss_curve",
    "loss_surface",
    "sigmoid_fit",
)
