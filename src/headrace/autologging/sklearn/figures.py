"""Pictures of how well a classifier tells classes apart, where matplotlib is installed."""

from __future__ import annotations

import importlib.util
import io
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any


def of(estimator: Any, X: Any, y: Any, weight: Any) -> Iterator[tuple[str, Callable[[], bytes]]]:
    """File names, and what draws them as PNG."""
    from sklearn.base import is_classifier

    if y is None or not is_classifier(estimator) or getattr(estimator, "refit", True) is False:
        return
    classes = getattr(estimator, "classes_", None)
    if classes is None or isinstance(classes, list) or importlib.util.find_spec("matplotlib") is None:
        return
    yield "training_confusion_matrix.png", partial(_confusion_matrix, estimator, X, y, weight)
    if len(classes) == 2 and (hasattr(estimator, "predict_proba") or hasattr(estimator, "decision_function")):
        yield "training_roc_curve.png", partial(_curve, "RocCurveDisplay", estimator, X, y, weight)
        yield "training_precision_recall_curve.png", partial(_curve, "PrecisionRecallDisplay", estimator, X, y, weight)


def _confusion_matrix(estimator: Any, X: Any, y: Any, weight: Any) -> bytes:
    from sklearn import metrics

    normalized = metrics.confusion_matrix(y, estimator.predict(X), sample_weight=weight, normalize="true")
    figure, axes = _canvas()
    metrics.ConfusionMatrixDisplay(normalized, display_labels=estimator.classes_).plot(cmap="Blues", ax=axes)
    axes.set_title("Normalized confusion matrix")
    return _png(figure)


def _curve(display: str, estimator: Any, X: Any, y: Any, weight: Any) -> bytes:
    from sklearn import metrics

    figure, axes = _canvas()
    getattr(metrics, display).from_estimator(estimator, X, y, sample_weight=weight, ax=axes)
    return _png(figure)


def _canvas() -> Any:
    # Not pyplot: it keeps its figures, and belongs to the user and the main thread.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure()
    FigureCanvasAgg(figure)
    return figure, figure.subplots()


def _png(figure: Any) -> bytes:
    written = io.BytesIO()
    figure.savefig(written, format="png")
    return written.getvalue()
