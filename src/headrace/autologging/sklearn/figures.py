"""Pictures of how well a classifier tells classes apart, where matplotlib is installed.

What they show is taken when the fit is done, before the estimator can change; they are drawn later.
"""

from __future__ import annotations

import importlib.util
import io
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from headrace.autologging.sklearn.answers import Answers

#: Draws a PNG.
Draw = Callable[[], bytes]


def of(answers: Answers) -> Iterator[tuple[str, Callable[[], Draw]]]:
    """File names, and what takes the numbers of each picture and returns what draws it."""
    from sklearn.base import is_classifier

    estimator = answers.estimator
    if answers.y is None or not is_classifier(estimator) or getattr(estimator, "refit", True) is False:
        return
    classes = getattr(estimator, "classes_", None)
    if classes is None or isinstance(classes, list) or importlib.util.find_spec("matplotlib") is None:
        return
    yield "training_confusion_matrix.png", lambda: partial(_confusion_matrix, *_taken(answers, answers.predicted))
    if len(classes) == 2 and (answers.has_likely or hasattr(estimator, "decision_function")):
        yield "training_roc_curve.png", lambda: partial(_roc, *_taken(answers, answers.scores))
        yield (
            "training_precision_recall_curve.png",
            lambda: partial(_precision_recall, *_taken(answers, answers.scores)),
        )


def _taken(answers: Answers, said: Any) -> tuple[str, Any, Any, Any, Any]:
    """The name of the estimator, its classes, what was true, what it said, and the weights: nobody changes them now."""
    name, classes = type(answers.estimator).__name__, answers.estimator.classes_
    return name, classes, np.array(answers.y), np.asarray(said), None if answers.weight is None else answers.weights


def _confusion_matrix(name: str, classes: Any, y: Any, predicted: Any, weight: Any) -> bytes:
    from sklearn import metrics

    shares = metrics.confusion_matrix(y, predicted, labels=classes, sample_weight=weight, normalize="true")
    figure, axes = _canvas()
    metrics.ConfusionMatrixDisplay(shares, display_labels=classes).plot(cmap="Blues", ax=axes)
    axes.set_title("Normalized confusion matrix")
    return _png(figure)


def _roc(name: str, classes: Any, y: Any, scores: Any, weight: Any) -> bytes:
    from sklearn import metrics

    wrong, right, _ = metrics.roc_curve(y, scores, pos_label=classes[1], sample_weight=weight)
    figure, axes = _canvas()
    axes.plot(wrong, right, label=f"{name} (AUC = {metrics.auc(wrong, right):.2f})")
    return _finish(figure, axes, "False positive rate", "True positive rate", f"ROC curve of class {classes[1]}")


def _precision_recall(name: str, classes: Any, y: Any, scores: Any, weight: Any) -> bytes:
    from sklearn import metrics

    precision, recall, _ = metrics.precision_recall_curve(y, scores, pos_label=classes[1], sample_weight=weight)
    average = -sum((recall[1:] - recall[:-1]) * precision[:-1])
    figure, axes = _canvas()
    axes.plot(recall, precision, drawstyle="steps-post", label=f"{name} (AP = {average:.2f})")
    return _finish(figure, axes, "Recall", "Precision", f"Precision and recall of class {classes[1]}")


def _canvas() -> Any:
    # Not pyplot: it keeps its figures, and belongs to the user and the main thread.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure()
    FigureCanvasAgg(figure)
    return figure, figure.subplots()


def _finish(figure: Any, axes: Any, across: str, up: str, title: str) -> bytes:
    axes.set(xlabel=across, ylabel=up, title=title, xlim=(-0.01, 1.01), ylim=(-0.01, 1.01))
    axes.legend(loc="lower left" if up == "Precision" else "lower right")
    return _png(figure)


def _png(figure: Any) -> bytes:
    written = io.BytesIO()
    figure.savefig(written, format="png")
    return written.getvalue()
