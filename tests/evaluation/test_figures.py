"""Figures are drawn from whatever there is, into files of the right kind."""

import pytest

from metammo.evaluation.figures import (
    Curve,
    Panel,
    check_figure_path,
    learning_figure,
    rating_figure,
    save_figure,
)
from metammo.evaluation.ranking import rank
from tests.evaluation.results import episode_rows

CURVES = [Curve("mine", [(1.0, 990, 980, 1000), (5.0, 1010, 1005, 1015)]), Curve("unseen", [])]


@pytest.mark.parametrize(("suffix", "begin"), [(".png", b"\x89PNG"), (".svg", b"<?xml")])
def test_a_file_is_of_the_kind_that_its_name_says(suffix, begin, tmp_path):
    path = tmp_path / f"figure{suffix}"
    panels = [Panel("Race", "Elo", CURVES, 1000), Panel("Tasks", "Progress", CURVES[:1])]
    save_figure(learning_figure(panels, "Two games"), path)
    assert path.read_bytes().startswith(begin)


def test_panels_of_the_same_value_have_the_same_axis():
    panels = [
        Panel("Race", "Elo", CURVES, 1000),
        Panel("Hill", "Elo", [Curve("mine", [(1, 1200, 1190, 1210)])]),
        Panel("Tasks", "Progress", [Curve("mine", [(1, 0.5, 0.4, 0.6)])]),
    ]
    axes = learning_figure(panels).axes
    assert axes[0].get_ylim() == axes[1].get_ylim()
    assert axes[0].get_ylim()[0] < 980
    assert axes[0].get_ylim()[1] > 1210
    assert axes[2].get_ylim()[0] == 0
    assert [text.get_text() for text in axes[0].get_legend().get_texts()] == ["mine", "unseen"]


@pytest.mark.parametrize("samples", [0, 20])
def test_ratings_are_drawn_best_on_top(samples, tmp_path):
    rows = rank(episode_rows({"a": 1.0, "b": 0.0}, {"a": 0.0, "b": 0.5, "c": 1.0}), samples=samples)
    figure = rating_figure(rows.rows, "Made up")
    (axes,) = figure.axes
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels == [row["policy"] for row in rows.rows]
    assert axes.yaxis_inverted()
    save_figure(figure, tmp_path / "ratings.png")


def test_an_interval_that_does_not_hold_its_value_is_drawn(tmp_path):
    curve = Curve("mine", [(1.0, 1000, 1005, 1010), (2.0, 1000, 980, 990)])
    save_figure(learning_figure([Panel("Race", "Elo", [curve])]), tmp_path / "curve.png")
    rows = rank(episode_rows({"a": 1.0, "b": 0.0}, {"a": 0.0, "b": 0.5}), samples=2).rows
    beyond = [{**row, "low": row["bradley_terry"] + 1} for row in rows]
    save_figure(rating_figure(beyond), tmp_path / "ratings.png")


def test_panels_break_into_rows():
    panels = [Panel(name, "Elo", CURVES, 1000) for name in ("Race", "Hill", "King")]
    axes = learning_figure(panels, columns=2).axes
    assert [each.get_subplotspec().rowspan.start for each in axes] == [0, 0, 1]
    assert axes[0].get_ylim() == axes[2].get_ylim()
    shown = [each.yaxis.get_tick_params().get("labelleft", True) for each in axes]
    assert shown == [True, False, True]


def test_what_cannot_be_drawn_is_refused(tmp_path):
    with pytest.raises(ValueError, match="at least one panel"):
        learning_figure([])
    with pytest.raises(ValueError, match=r"must end in \.png or \.svg or \.pdf"):
        check_figure_path(tmp_path / "figure.jpg")
    with pytest.raises(ValueError, match="there is no folder"):
        check_figure_path(tmp_path / "none" / "figure.png")
